//! The same work for each of a list, on as many threads as there are processors.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The answers, in the order of the list; a thread takes the next one that nobody has taken.
pub(crate) fn in_parallel<'a, T: Sync, A: Send>(
    list: &'a [T],
    work: impl Fn(&'a T) -> A + Sync,
) -> Vec<A> {
    // How many processors there are is in files, which take longer to read than a short log.
    let n_threads = match list.len() {
        0 | 1 => 1,
        n => thread::available_parallelism().map_or(1, NonZero::get).min(n),
    };
    if n_threads == 1 {
        return list.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = list.get(at) else { return done };
            done.push((at, work(one)));
        }
    };
    let mut done = thread::scope(|scope| {
        let helpers: Vec<_> = (1..n_threads).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panicked) => resume_unwind(panicked),
            }
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_in_the_order_of_the_list() {
        for n in [0, 1, 2, 1000_usize] {
            let list: Vec<usize> = (0..n).collect();
            let doubled: Vec<usize> = list.iter().map(|number| number * 2).collect();
            assert_eq!(in_parallel(&list, |number| number * 2), doubled);
        }
    }
}
