//! Development only: hermetic runs, the CANARY guard, and the stand-in fake-fly.
