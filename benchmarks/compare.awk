# Compares the figures of two trees for benchmarks/run --compare. Input: "old|new TURN NAME@SIZE RATIO MEASURED BASELINE UNIT ...".
function median(list, n,    i, j, swap) {
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
            swap = list[j]
            list[j] = list[j - 1]
            list[j - 1] = swap
        }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
$3 == "FAILED" || $4 == "FAILED" {
    print
    failed = 1
    next
}
$3 ~ /@/ && $4 ~ /^[0-9.]+$/ {
    if (!($3 in known)) {
        known[$3] = 1
        order[++figures] = $3
    }
    cost[$1, $2, $3] = $6 > 0 ? $5 / $6 : $5 # a figure without a baseline is compared as it is
    if ($2 > turns)
        turns = $2
}
END {
    printf "%-36s %10s %10s %8s %8s %8s\n", "figure", "old", "new", "new/old", "least", "greatest"
    for (f = 1; f <= figures; f++) {
        n = 0
        for (t = 1; t <= turns; t++)
            if ((("old", t, order[f]) in cost) && (("new", t, order[f]) in cost) && cost["old", t, order[f]] > 0) {
                old[++n] = cost["old", t, order[f]]
                new[n] = cost["new", t, order[f]]
                change[n] = new[n] / old[n]
            }
        if (n == 0) {
            printf "%-36s only in one of the trees, or 0\n", order[f]
            continue
        }
        middle = median(change, n) # sorts
        mark = change[1] > 1.03 ? " WORSE" : change[n] < 0.97 ? " better" : ""
        printf "%-36s %10.4g %10.4g %8.3f %8.3f %8.3f%s\n", order[f], median(old, n), median(new, n), middle, change[1], change[n], mark
    }
    exit failed
}
