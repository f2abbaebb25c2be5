# The tables of ci/kernels, from the machines' logs: usage: awk -f table.awk LOG...
# Exits with 1 where anything is not as it should be.
function worse(a, b) {
    return index("right refused WRONG", a) > index("right refused WRONG", b) ? a : b
}

# Keeps the order in which they came.
function add(list, name) {
    if (!((list, name) in known)) {
        known[list, name] = 1
        names[list, ++count[list]] = name
    }
}

function complain(text) {
    problems[++problem_count] = kernel ": " text
}

# How the last log ended.
function end_log() {
    if (kernel != "" && !done)
        complain(up ? (running == "" ? "ended early" : "ended in " running) : "did not come up")
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
    place = field[2] == "the test's directory" ? outer : field[2]
    add("places", place)
    add("cases", field[3])
    cell = kernel SUBSEP place SUBSEP field[3]
    way[cell, field[4]] = worse(way[cell, field[4]], field[5])
    verdicts[kernel, place, field[5]]++
    if (field[5] == "WRONG")
        complain("WRONG: " field[3] " on " place " (" outer "), " field[4])
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
    row("places passed, of those tried", 46)
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
    row("  Java: passed/failed/does not apply", 46)
    print ""
}

# What became of one question: as root through map_files, as root by path, as nobody.
function cell_of(cell,    entry, path, nobody) {
    entry = way[cell, "entry"]
    path = way[cell, "path"]
    nobody = way[cell, "nobody"]
    if (entry == "" && path == "" && nobody == "")
        return "-"
    return entry == path && path == nobody ? entry : entry "/" path "/" nobody
}

function print_answers(    p, c, k, any) {
    print "opened through map_files/by path/as nobody; one word where all agree"
    for (p = 1; p <= count["places"]; p++) {
        print names["places", p]
        for (c = 1; c <= count["cases"]; c++) {
            any = 0
            for (k = 1; k <= count["kernels"]; k++) {
                cells[k] = cell_of(names["kernels", k] SUBSEP names["places", p] SUBSEP names["cases", c])
                any += cells[k] != "-"
            }
            if (any)
                row("  " names["cases", c], 46)
        }
    }
    print ""
}

function print_counts(    p, k, name) {
    print "right/refused/WRONG"
    for (p = 1; p <= count["places"]; p++) {
        for (k = 1; k <= count["kernels"]; k++) {
            name = names["kernels", k] SUBSEP names["places", p]
            cells[k] = verdicts[name, "right"] + 0 "/" verdicts[name, "refused"] + 0 "/" verdicts[name, "WRONG"] + 0
        }
        row("  " names["places", p], 46)
    }
    print ""
}

END {
    end_log()
    print_tests()
    print_answers()
    print_counts()
    for (i = 1; i <= problem_count; i++)
        print problems[i]
    print problem_count ? problem_count " problems" : "all as it should be"
    exit problem_count > 0
}
