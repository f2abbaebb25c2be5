package org.mapfiles.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares the symbols of files of this system with those of other tools. By default these are a few files;
 * {@code ci/compare-symbols} compares many, and prints the table.
 */
class SymbolComparisonTest {
    /** System property: paths of files, separated by ":". */
    private static final String FILES = "mapfiles.compare.files";

    private static final int ELF_ADDRESSES = 1_000;
    private static final int ADDRESSES_FOR_A_RATE = 10_000;
    private static final int LLVM_ADDRESSES = Integer.getInteger("mapfiles.compare.addresses", 1_000);

    @TempDir
    Path directory;

    private static List<Path> files() throws IOException {
        String all = System.getProperty(
                FILES,
                System.getProperty("java.home") + "/lib/server/libjvm.so:/lib/x86_64-linux-gnu/libc.so.6"
                        + ":/lib/aarch64-linux-gnu/libc.so.6:/usr/bin/python3:/bin/sh");
        Set<Path> files = new LinkedHashSet<>();
        for (String file : all.split(":")) {
            if (Files.isRegularFile(Path.of(file))) {
                files.add(Path.of(file).toRealPath());
            } else {
                System.out.println("compare-symbols: " + file + " is not there");
            }
        }
        return List.copyOf(files);
    }

    @Test
    void theSymbolsAreThoseOfOtherTools() throws Exception {
        assumeTrue(Tool.isInstalled("nm"), "nm is not there");
        assumeTrue(Tool.isInstalled("readelf"), "readelf is not there");
        boolean hasLlvm = Tool.isInstalled("llvm-symbolizer");
        if (!hasLlvm) {
            System.out.println("compare-symbols: llvm-symbolizer is not there: no comparison with it");
        }
        boolean hasElfutils = Tool.isInstalled("eu-addr2line");
        if (!hasElfutils) {
            System.out.println("compare-symbols: eu-addr2line is not there: no comparison with it");
        }
        List<SymbolComparison> rows = new ArrayList<>();
        System.out.println(SymbolComparison.head());
        try (SymbolCache cache = SymbolCache.ofBytes(1L << 30)) {
            for (Path file : files()) {
                SymbolComparison row = new SymbolComparison(file, cache, directory, 17);
                row.compareElfAddresses(ELF_ADDRESSES);
                row.compareWithNm();
                if (hasElfutils) {
                    row.compareWithElfutils(ELF_ADDRESSES);
                }
                if (hasLlvm) {
                    row.compareWithLlvm(LLVM_ADDRESSES);
                }
                rows.add(row);
                System.out.println(row);
            }
        }
        System.out.println("summary: symbols " + rows.size() + " files "
                + sum(rows, row -> row.equalElfAddresses) + " of " + sum(rows, row -> row.elfAddresses)
                + " ELF addresses as readelf, "
                + sum(rows, row -> row.equalFunctions) + " of " + sum(rows, row -> row.functions)
                + " functions as nm, "
                + sum(rows, row -> row.equal + row.aliases) + " of " + sum(rows, row -> row.addresses)
                + " addresses as llvm-symbolizer, each difference with a known reason");
        assertThat(rows).isNotEmpty().allSatisfy(row -> {
            assertThat(row.equalElfAddresses).as("ELF addresses: %s", row).isEqualTo(row.elfAddresses);
            assertThat(row.equalElfutilsAddresses)
                    .as("ELF addresses of eu-addr2line: %s", row)
                    .isEqualTo(row.elfutilsAddresses);
            assertThat(row.equalFunctions).as("functions of nm: %s", row).isEqualTo(row.functions);
            assertThat(row.count(SymbolComparison.Reason.OTHER))
                    .as("differences without a known reason: %s", row)
                    .isZero();
            if (row.addresses >= ADDRESSES_FOR_A_RATE) {
                assertThat(row.equalPart())
                        .as("equal to llvm-symbolizer: %s", row)
                        .isGreaterThanOrEqualTo(0.999);
            }
        });
    }

    private static long sum(List<SymbolComparison> rows, ToIntFunction<SymbolComparison> of) {
        return rows.stream().mapToLong(of::applyAsInt).sum();
    }
}
