# Prints the tables of ci/kernels from the logs of the machines: awk -f table.awk LOG...
# The exit code is 1 if a result is wrong, a test failed or a machine did not end normally.
BEGIN { verdict_order = "right unknown WRONG" }

function worse(a, b) {
    return index(verdict_order, a) > index(verdict_order, b) ? a : b
}

# Adds a name to a list unless it is there. Lists keep the order of the logs.
function add(list, name) {
    if (!((list, name) in known)) {
        known[list, name] = 1
        names[list, ++count[list]] = name
    }
}

function complain(text) {
    problems[++problem_count] = kernel ": " text
}

# Checks how the machine of the last log ended.
function end_log() {
    if (kernel != "" && !done)
        complain(up ? (running == "" ? "ended early" : "ended during " running) : "did not boot")
    up = done = 0
    running = ""
}

FNR == 1 {
    end_log()
    kernel = FILENAME
    sub(/.*\//, "", kernel)
    sub(/\.[a-z]+\.log$/, "", kernel)
    add("kernels", kernel)
}
{ sub(/\r$/, "") }
/^VM up / { up = 1; version[kernel] = $3 }
/^VM done / { done = 1 }
/^TEST began / { running = $3 " on " $4; outer = $4 }
/^TEST ended / {
    running = ""
    add("tests", $3)
    ran[kernel, $3]++
    if ($5 == "ok")
        passed[kernel, $3]++
    else if ($5 == "skipped")
        skipped[kernel, $3]++
    else
        complain($3 " on " $4 " failed: " $5)
}
/^RESULT\t/ {
    split($0, field, "\t")
    fs = field[2] == "the test's directory" ? outer : field[2]
    if (outer ~ /-in-/ && fs != outer)
        fs = fs substr(outer, index(outer, "-in-"))
    sub(/-in-/, " in ", fs)
    add("file systems", fs)
    add("cases", field[3])
    cell = kernel SUBSEP fs SUBSEP field[3]
    way[cell, field[4]] = worse(way[cell, field[4]], field[5])
    verdicts[kernel, fs, field[5]]++
    if (!index(verdict_order, field[5]))
        complain("unknown result: " field[5])
    all_verdicts[kernel, field[5]]++
    if (field[5] == "WRONG")
        complain("WRONG: " field[3] " on " fs " (" outer "), " field[4])
}
/^\[ +[0-9]+ tests (successful|failed|aborted)/ { java[kernel, $4] += $2 }
/ :: FAILED$/ { complain("on " outer ": " $0) }

function row(label, width,    k) {
    printf "%-" width "s", label
    for (k = 1; k <= count["kernels"]; k++)
        printf "  %-22s", cells[k]
    print ""
}

function print_tests(    i, k, name) {
    for (k = 1; k <= count["kernels"]; k++)
        cells[k] = version[names["kernels", k]]
    row("file systems and places passed/tested", 46)
    for (i = 1; i <= count["tests"]; i++) {
        for (k = 1; k <= count["kernels"]; k++) {
            name = names["kernels", k] SUBSEP names["tests", i]
            cells[k] = name in ran ? passed[name] + 0 "/" ran[name] (skipped[name] ? " skipped" : "") : "-"
        }
        row("  " names["tests", i], 46)
    }
    for (k = 1; k <= count["kernels"]; k++) {
        name = names["kernels", k]
        cells[k] = "-"
        if ((name, "successful") in java)
            cells[k] = java[name, "successful"] "/" java[name, "failed"] "/" java[name, "aborted"]
    }
    row("  Java tests passed/failed/skipped", 46)
    print ""
}

# Returns the results of one case: as root through map_files, as root by path, as the user nobody. Equal results are printed once.
function cell_of(cell,    entry, path, nobody) {
    entry = way[cell, "entry"]
    path = way[cell, "path"]
    nobody = way[cell, "nobody"]
    if (entry == "" && path == "" && nobody == "")
        return "-"
    return entry == path && path == nobody ? entry : entry "/" path "/" nobody
}

# File systems in places are only counted.
function print_results(    p, c, k, any) {
    print "opened through map_files/by path/as nobody; one word if all are equal"
    for (p = 1; p <= count["file systems"]; p++) {
        if (names["file systems", p] ~ / in /)
            continue
        print names["file systems", p]
        for (c = 1; c <= count["cases"]; c++) {
            any = 0
            for (k = 1; k <= count["kernels"]; k++) {
                cells[k] = cell_of(names["kernels", k] SUBSEP names["file systems", p] SUBSEP names["cases", c])
                any += cells[k] != "-"
            }
            if (any)
                row("  " names["cases", c], 46)
        }
    }
    print ""
}

function print_counts(    p, k, name) {
    print "right/unknown/WRONG"
    for (p = 1; p <= count["file systems"]; p++) {
        for (k = 1; k <= count["kernels"]; k++) {
            name = names["kernels", k] SUBSEP names["file systems", p]
            cells[k] = verdicts[name, "right"] + 0 "/" verdicts[name, "unknown"] + 0 "/" verdicts[name, "WRONG"] + 0
        }
        row("  " names["file systems", p], 46)
    }
    print ""
}

# A test counts once for each file system and place.
function print_summaries(    k, t, name, all, good, none) {
    for (k = 1; k <= count["kernels"]; k++) {
        name = names["kernels", k]
        all = good = none = 0
        for (t = 1; t <= count["tests"]; t++) {
            all += ran[name, names["tests", t]]
            good += passed[name, names["tests", t]]
            none += skipped[name, names["tests", t]]
        }
        printf "summary: kernels %s: %d runs of tests, %d passed, %d skipped; opened files: %d right, %d unknown, %d wrong\n",
            version[name], all, good, none, all_verdicts[name, "right"], all_verdicts[name, "unknown"], all_verdicts[name, "WRONG"]
    }
}

END {
    end_log()
    print_tests()
    print_results()
    print_counts()
    print_summaries()
    for (i = 1; i <= problem_count; i++)
        print problems[i]
    print problem_count ? problem_count " problems" : "no problems"
    exit problem_count > 0
}
