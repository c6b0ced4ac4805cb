//! Whether the pooler lends as many connections as the processes take, with the arithmetic.

use opsfile::{Budget, Process};
use report::Finding;

/// Adds the processes up; a finding where the limit is passed, a note where it is not.
pub(super) fn check(budget: &Budget, path: &str) -> Finding {
    let (taken, limit) = (budget.connections(), u64::from(budget.limit));
    let sum = arithmetic(budget);
    let finding = if taken > limit {
        let per_set = limit.saturating_sub(budget.reserve.into()) / u64::from(budget.overlap);
        let message = format!("{sum}, and the limit is {limit}");
        let wanted = budget.process.iter().map(Process::connections).sum::<u64>();
        let hint = format!(
            "at most {per_set} fit where {wanted} are planned: lower threads or machines, raise the limit, or scale workers to 0 before a deploy"
        );
        Finding::error("pool-budget", message).hint(hint)
    } else {
        Finding::note("pool-budget", format!("{sum} of {limit}"))
    };
    let line = u32::try_from(budget.line).unwrap_or(u32::MAX);
    finding.path(path).line(line).key("dsn.budget")
}

/// The sum as it is written down: each process, then all of them with overlap and reserve.
fn arithmetic(budget: &Budget) -> String {
    let one = |process: &Process| {
        let Process { name, machines, processes, threads } = process;
        format!("{name} {machines} × {processes} × {threads} = {}", process.connections())
    };
    let each: Vec<String> = budget.process.iter().map(one).collect();
    let terms: Vec<String> =
        budget.process.iter().map(|process| process.connections().to_string()).collect();
    let mut sum = terms.join(" + ");
    if budget.overlap > 1 {
        sum = if terms.len() > 1 { format!("({sum})") } else { sum };
        sum = format!("{sum} × {} side by side", budget.overlap);
    }
    if budget.reserve > 0 {
        sum = format!("{sum} + {} in reserve", budget.reserve);
    }
    let taken = budget.connections();
    let sum = if sum == taken.to_string() { sum } else { format!("{sum} = {taken}") };
    format!("connections (machines × processes × threads): {}; together {sum}", each.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_sum(limit: u32, reserve: u32, overlap: u32, processes: &[[u32; 3]], expected: &str) {
        let process = processes.iter().enumerate();
        let process = process.map(|(index, [machines, processes, threads])| Process {
            name: format!("p{index}"),
            machines: *machines,
            processes: *processes,
            threads: *threads,
        });
        let budget = Budget { line: 7, limit, reserve, overlap, process: process.collect() };
        let finding = check(&budget, "ops.toml");
        assert_eq!(format!("{:?}: {}", finding.level, finding.message), expected);
    }

    #[test]
    fn the_arithmetic_is_shown() {
        check_sum(
            15,
            1,
            2,
            &[[1, 1, 5], [1, 1, 10]],
            "Error: connections (machines × processes × threads): p0 1 × 1 × 5 = 5, p1 1 × 1 × 10 = 10; together (5 + 10) × 2 side by side + 1 in reserve = 31, and the limit is 15",
        );
        check_sum(
            15,
            0,
            1,
            &[[1, 1, 15]],
            "Note: connections (machines × processes × threads): p0 1 × 1 × 15 = 15; together 15 of 15",
        );
        check_sum(
            14,
            0,
            1,
            &[[3, 1, 5]],
            "Error: connections (machines × processes × threads): p0 3 × 1 × 5 = 15; together 15, and the limit is 14",
        );
    }
}
