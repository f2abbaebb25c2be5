package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.TestJvm;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;
import org.mapfiles.jvm.JvmCodeReader;

/** {@code mapfiles resolve --jvm}, for this JVM and for others. */
class ResolveJvmTest {
    @Test
    void anAddressHasItsRegion() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            String pid = jvm.pid();
            List<String> arguments = new ArrayList<>(List.of("resolve", "--jvm", pid));
            arguments.addAll(firstOf(pid, "code_heap", "java_heap", "library"));
            CliResult text = CliResult.with(arguments.toArray(new String[0]));
            assertThat(text.err()).isEmpty();
            assertThat(text.out())
                    .containsPattern("(?m)^    CODE_HEAP  ")
                    .containsPattern("(?m)^    JAVA_HEAP  ")
                    .containsPattern("(?m)^    LIBRARY  /");
            arguments.add("--json");
            List<Map<String, Object>> rows =
                    CliResult.with(arguments.toArray(new String[0])).rows();
            assertThat(rows).extracting(row -> row.get("region")).containsExactly("code_heap", "java_heap", "library");
            assertThat(rows)
                    .allSatisfy(row -> assertThat(row)
                            .containsEntry("code", null)
                            .containsEntry("code_offset", null)
                            .containsEntry("tier", null)
                            .containsEntry("inlined", List.of()));
            assertThat(jvm.threads()).doesNotContain("Attach Listener");
        }
    }

    @Test
    void withoutTheOptionItIsNamedForCompiledCode() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            String pid = jvm.pid();
            String code = firstOf(pid, "code_heap").get(0);
            String heap = firstOf(pid, "java_heap").get(0);
            CliResult text = CliResult.with("resolve", pid, code, code);
            assertThat(text.code()).isZero();
            assertThat(text.err()).contains("--jvm names the Java methods").hasLineCount(1);
            assertThat(CliResult.with("resolve", pid, code, "--json").err()).isEmpty();
            assertThat(CliResult.with("resolve", pid, code, "--jvm").err()).isEmpty();
            assertThat(CliResult.with("resolve", pid, heap).err()).isEmpty();
        }
    }

    /**
     * Returns an address at which the inlined methods of the instruction before it and of the instruction at it differ;
     * 0: none.
     */
    private static long addressWithTwoMeanings(JvmCodeReader reader, long start, long end, CodeInfo at, CodeInfo next)
            throws Exception {
        for (long address = start + 1; address < end; address++) {
            if (reader.find(address, CodeInfo.AddressKind.RETURNS_TO, at)
                    && at.frames() > 1
                    && reader.find(address, next)
                    && next.hasRecord()
                    && !inlined(next).equals(inlined(at))) {
                return address;
            }
        }
        return 0;
    }

    /** Returns the inlined methods as JSON shows them. */
    private static List<Map<String, Object>> inlined(CodeInfo location) {
        List<Map<String, Object>> methods = new ArrayList<>();
        for (int i = 0; i < location.frames() - 1; i++) {
            Map<String, Object> method = new LinkedHashMap<>();
            method.put("class", location.className(i));
            method.put("method", location.methodName(i));
            method.put("signature", location.signature(i));
            method.put("bytecode", location.bytecode(i) < 0 ? null : (long) location.bytecode(i));
            methods.add(method);
        }
        return methods;
    }

    @Test
    void anAddressHasItsMethodAndTheInlinedMethods() throws Exception {
        try (TestJvm jvm = TestJvm.waiting("-Xcomp"); // compiles, and so inlines, from the start
                ProcessMaps maps = jvm.maps();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            String pid = jvm.pid();
            List<long[]> methods = new ArrayList<>();
            long[] stub = {0};
            reader.forEach(each -> {
                if (each.kind() == CodeInfo.Kind.METHOD && each.tier() > 0) {
                    methods.add(new long[] {each.start(), each.end()});
                } else if (each.name().contains("StubRoutines")) {
                    stub[0] = each.start();
                }
            });
            CodeInfo returning = new CodeInfo();
            CodeInfo running = new CodeInfo();
            long address = 0;
            for (int i = 0; i < methods.size() && address == 0; i++) {
                address = addressWithTwoMeanings(reader, methods.get(i)[0], methods.get(i)[1], returning, running);
            }
            assertThat(address).as("an address with an inlined method").isNotZero();
            String hex = Long.toHexString(address);
            String offset = "0x" + Long.toHexString(address - returning.start());
            assertThat(CliResult.with("resolve", pid, "--jvm", "--json", hex)
                            .rows()
                            .get(0))
                    .containsEntry("code", returning.toString())
                    .containsEntry("code_offset", offset)
                    .containsEntry("inlined", inlined(running))
                    .containsEntry("region", "code_heap");
            assertThat(CliResult.with("resolve", pid, "--jvm", "--returns-to", "--json", hex)
                            .rows()
                            .get(0))
                    .containsEntry("code", returning.toString())
                    .containsEntry("code_offset", offset)
                    .containsEntry("inlined", inlined(returning))
                    .containsEntry("region", "code_heap");
            assertThat(CliResult.with("resolve", pid, "--jvm", "--returns-to", hex)
                            .out())
                    .contains("  inlined into\n    " + returning + " + " + offset + "  tier ");
            String frame = "\t" + hex + " [unknown] (/tmp/perf-" + pid + ".map)\n";
            String caller = "\t" + Long.toHexString(stub[0]) + " [unknown] (/tmp/perf-" + pid + ".map)\n";
            String head = "java " + pid + "/" + pid + " 1.000001: cycles:\n";
            assertThat(CliResult.reading(
                                    head + frame + caller + frame + "\n" + head + frame,
                                    "resolve",
                                    pid,
                                    "-",
                                    "--jvm",
                                    "--json")
                            .rows())
                    .filteredOn(row -> hex.equals(
                            row.getOrDefault("address", "0x").toString().substring(2)))
                    .as("a caller of a sample is a return address, and the first frame is not")
                    .extracting(row -> row.get("inlined"))
                    .containsExactly(inlined(running), inlined(returning), inlined(running));
            assertThat(CliResult.with("resolve", pid, "--jvm", Long.toHexString(stub[0]))
                            .out())
                    .contains("StubRoutines");
            assertThat(jvm.threads()).doesNotContain("Attach Listener");
        }
    }

    /** The offset is that in the codelet whose name is printed. */
    @Test
    void anAddressOfTheInterpreterHasItsCodelet() throws Exception {
        try (TestJvm jvm = TestJvm.waiting();
                ProcessMaps maps = jvm.maps();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            long[] interpreter = {0, 0};
            reader.forEach(each -> {
                if (each.isInterpreter()) {
                    interpreter[0] = each.start();
                    interpreter[1] = each.end();
                }
            });
            CodeInfo at = new CodeInfo();
            long start = interpreter[0];
            while (start < interpreter[1]
                    && !(reader.find(start, at) && at.toString().equals("Interpreter iload_0"))) {
                start += Long.BYTES; // codelets are aligned to it
            }
            assertThat(start).isLessThan(interpreter[1]);
            String hex = Long.toHexString(start + 40);
            assertThat(CliResult.with("resolve", jvm.pid(), "--jvm", hex).out())
                    .contains("\n    Interpreter iload_0 + 0x28  CODE_HEAP  ");
            assertThat(CliResult.with("resolve", jvm.pid(), "--jvm", "--json", hex)
                            .rows()
                            .get(0))
                    .containsEntry("code", "Interpreter iload_0")
                    .containsEntry("code_offset", "0x28");
        }
    }

    @Test
    void anAddressOfThisJvmHasItsMethod() throws Exception {
        String[] start = {null};
        JvmCode.open().forEach(each -> {
            // the JVM replaces code of tiers 2 and 3
            if (each.kind() == CodeInfo.Kind.METHOD
                    && each.toString().startsWith("java.lang.String.")
                    && (each.tier() == 4 || each.tier() > 0 && start[0] == null)) {
                start[0] = Long.toHexString(each.start());
            }
        });
        CliResult result = CliResult.with("resolve", "self", "--jvm", start[0]);
        assertThat(result.out()).containsPattern("(?m)^    java\\.lang\\.String\\..*\\+ 0x0  tier [1-4]  CODE_HEAP  ");
        assertThat(CliResult.with("resolve", "self", "--jvm", "--json", start[0])
                        .rows()
                        .get(0)
                        .get("code")
                        .toString())
                .startsWith("java.lang.String.");
    }

    private static List<String> firstOf(String pid, String... regions) throws Exception {
        List<Map<String, Object>> parts = CliResult.with("jvm", pid, "--json").rows();
        List<String> addresses = new ArrayList<>();
        for (String region : regions) {
            addresses.add((String) parts.stream()
                    .filter(part -> part.get("region").equals(region) && !"code heap".equals(part.get("detail")))
                    .findFirst()
                    .orElseThrow()
                    .get("start"));
        }
        return addresses;
    }

    /** A profile contains the same addresses many times, in any order. */
    @Test
    void addressesFromAStreamKeepTheirOrder() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            String pid = jvm.pid();
            List<String> addresses = firstOf(pid, "code_heap", "java_heap");
            String input = (addresses.get(0) + "\n\n  " + addresses.get(1) + " \r\n").repeat(1000) + "0";
            CliResult result = CliResult.reading(input, "resolve", "--jvm", pid, "-", "--json");
            assertThat(result.err()).isEmpty();
            assertThat(result.code()).as("one is in no mapping").isEqualTo(1);
            List<Map<String, Object>> rows = result.rows();
            assertThat(rows).hasSize(2001);
            for (int i = 0; i < 2000; i++) {
                assertThat(rows.get(i))
                        .containsEntry("address", addresses.get(i % 2))
                        .containsEntry("region", i % 2 == 0 ? "code_heap" : "java_heap");
            }
            assertThat(rows.get(2000))
                    .containsEntry("start", null)
                    .containsEntry("path", null)
                    .containsEntry("region", null);
            assertThat(CliResult.reading(addresses.get(1), "resolve", "--jvm", pid, "-")
                            .out())
                    .contains("\n    JAVA_HEAP  ");
        }
    }

    @Test
    void aStreamMayBeLongerThanABlock() throws Exception {
        long heap = Long.decode(firstOf("self", "java_heap").get(0));
        StringBuilder input = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            input.append(Long.toHexString(heap + i)).append('\n');
        }
        CliResult result = CliResult.reading(input.toString(), "resolve", "self", "--jvm", "-");
        assertThat(result.code()).isZero();
        List<String> lines = result.lines();
        assertThat(lines).hasSize(200_000);
        for (int i = 0; i < 100_000; i++) {
            assertThat(lines.get(2 * i)).startsWith("0x" + Long.toHexString(heap + i) + "  ");
            assertThat(lines.get(2 * i + 1)).startsWith("    JAVA_HEAP  ");
        }
    }

    @Test
    void aWrongLineIsInItsPlace() throws Exception {
        String heap = firstOf("self", "java_heap").get(0);
        CliResult text = CliResult.reading(heap + "\n\nfrog\n1\n", "resolve", "self", "--jvm", "-");
        assertThat(text.code()).isEqualTo(1);
        assertThat(text.lines()).hasSize(4);
        assertThat(text.lines().get(1)).contains("JAVA_HEAP");
        assertThat(text.lines().get(2)).startsWith("line 3: 'frog'");
        CliResult json = CliResult.reading(heap + "\n\nfrog\n1\n", "resolve", "self", "--jvm", "-", "--json");
        assertThat(json.rows()).extracting(row -> row.get("type")).containsExactly("address", "unusable", "address");
        assertThat(json.rows().get(0)).containsEntry("region", "java_heap");
    }

    @Test
    void anEmptyStreamReadsNoJvm() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try {
            String pid = Long.toString(cat.pid());
            assertThat(CliResult.reading("\n", "resolve", pid, "--jvm", "-")).isEqualTo(new CliResult(0, "", ""));
            CliResult result = CliResult.reading("1\n", "resolve", pid, "--jvm", "-");
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err()).contains("no JVM in process " + pid).hasLineCount(1);
            assertThat(result.out()).isEmpty();
        } finally {
            cat.destroy();
        }
    }

    @Test
    void aJvmThatExitsBeforeItIsReadHasExited() throws Exception {
        TestJvm jvm = TestJvm.waiting();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        InputStream in = new ByteArrayInputStream("1\n".getBytes(StandardCharsets.US_ASCII)) {
            @Override
            public synchronized int read(byte[] bytes, int from, int length) {
                jvm.process().destroyForcibly().onExit().join();
                return super.read(bytes, from, length);
            }
        };
        int code = Main.run(new String[] {"resolve", jvm.pid(), "-", "--jvm"}, in, out, err);
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isEqualTo(4);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains(jvm.pid()).hasLineCount(1);
        assertThat(out.size()).isZero();
    }
}
