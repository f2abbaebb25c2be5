// SPDX-License-Identifier: Apache-2.0
//! The Rust crate procfs: all mappings of a process, one round for each line of stdin that holds its pid.
use std::io::{BufRead, Write};
use std::time::Instant;

fn main() {
    for line in std::io::stdin().lock().lines() {
        let pid: i32 = line.unwrap().trim().parse().unwrap();
        let begin = Instant::now();
        let maps = procfs::process::Process::new(pid).unwrap().maps().unwrap();
        let spent = begin.elapsed().as_nanos();
        assert!(!maps.is_empty());
        println!("{spent}");
        std::io::stdout().flush().unwrap();
    }
}
