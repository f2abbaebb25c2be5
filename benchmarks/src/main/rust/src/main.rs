// SPDX-License-Identifier: Apache-2.0
//! Reads all mappings of a process with the Rust crate procfs. Each line of stdin is a PID; the reply is nanoseconds.
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
