//! What every tool answers: verdict, findings, renderings, errors and exit codes.
