package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.jvm.CodeAddress;
import org.mapfiles.jvm.CodeKind;
import org.mapfiles.jvm.CodeLocation;
import org.mapfiles.jvm.JvmCode;
import org.mapfiles.jvm.JvmCodeReader;

/** Addresses of this JVM and of others, with their regions. */
class ResolveJvmTest {
    /** Of another JVM's code, heap and libjvm an address each: their regions. */
    @Test
    void addressesOfAnother() throws Exception {
        Process jvm = JvmCommandTest.waiting();
        try {
            String pid = Long.toString(jvm.pid());
            List<String> ask = new ArrayList<>(List.of("resolve", "--jvm", pid));
            ask.addAll(firstOf(pid, "CODE_HEAP", "JAVA_HEAP", "LIBRARY"));
            CliResult people = CliResult.with(ask.toArray(new String[0]));
            assertThat(people.err()).isEmpty();
            assertThat(people.out()).containsPattern("(?m)^    CODE_HEAP  ").containsPattern("(?m)^    JAVA_HEAP  ")
                    .containsPattern("(?m)^    LIBRARY  /");
            ask.add("--json");
            List<Map<String, Object>> objects = CliResult.with(ask.toArray(new String[0])).objects();
            assertThat(objects).extracting(fields -> fields.get("region")).containsExactly("CODE_HEAP", "JAVA_HEAP", "LIBRARY");
            assertThat(objects).allSatisfy(fields ->
                    assertThat(fields).containsEntry("code", null).containsEntry("tier", null).containsEntry("inlined", ""));
            assertThat(JvmCommandTest.threads(jvm.pid())).doesNotContain("Attach Listener");
        } finally {
            JvmCommandTest.end(jvm);
        }
    }

    /** Where a method is inlined: another one at its record for an instruction that ends there and one that begins there. */
    private static long inlinedInto(JvmCodeReader reader, long start, long end, CodeLocation at, CodeLocation next) throws Exception {
        for (long address = start + 1; address < end; address++) {
            if (reader.find(address, CodeAddress.RETURNS_TO, at) && at.frames() > 1 && reader.find(address, CodeAddress.RUNNING_AT, next)
                    && next.hasRecord() && !inlined(next).equals(inlined(at))) {
                return address;
            }
        }
        return 0;
    }

    private static String inlined(CodeLocation location) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < location.frames() - 1; i++) {
            text.append(location.className(i)).append('.').append(location.methodName(i)).append(location.signature(i)).append(" @ ")
                    .append(location.bytecode(i)).append('\n');
        }
        return text.toString().strip();
    }

    /** Java methods of another JVM, with what is inlined, for both kinds of addresses; a stub; nothing is started there. */
    @Test
    void methodsOfAnother() throws Exception {
        Process jvm = JvmCommandTest.waiting("-Xcomp"); // so that there is inlining early
        try (ProcessMaps maps = ProcessMaps.of(jvm.pid()); JvmCodeReader reader = JvmCodeReader.of(maps)) {
            String pid = Long.toString(jvm.pid());
            List<long[]> methods = new ArrayList<>();
            long[] stub = {0};
            reader.forEach(each -> {
                if (each.kind() == CodeKind.METHOD && each.tier() > 0) {
                    methods.add(new long[] {each.start(), each.end()});
                } else if (each.name().contains("StubRoutines")) {
                    stub[0] = each.start();
                }
            });
            CodeLocation returning = new CodeLocation();
            CodeLocation running = new CodeLocation();
            long address = 0;
            for (int i = 0; i < methods.size() && address == 0; i++) {
                address = inlinedInto(reader, methods.get(i)[0], methods.get(i)[1], returning, running);
            }
            assertThat(address).as("an address with an inlined method").isNotZero();
            String hex = Long.toHexString(address);
            String code = returning + " + 0x" + Long.toHexString(address - returning.start());
            assertThat(CliResult.with("resolve", pid, "--jvm", "--json", hex).objects().get(0)).containsEntry("code", code)
                    .containsEntry("inlined", inlined(running)).containsEntry("region", "CODE_HEAP");
            assertThat(CliResult.with("resolve", pid, "--jvm", "--returns-to", "--json", hex).objects().get(0)).containsEntry("code", code)
                    .containsEntry("inlined", inlined(returning)).containsEntry("region", "CODE_HEAP");
            assertThat(CliResult.with("resolve", pid, "--jvm", "--returns-to", hex).out()).contains("  inlined into\n    " + code + "  tier ");
            assertThat(CliResult.with("resolve", pid, "--jvm", Long.toHexString(stub[0])).out()).contains("StubRoutines");
            assertThat(JvmCommandTest.threads(jvm.pid())).doesNotContain("Attach Listener");
            assertThat(CliResult.with("resolve", pid, "--returns-to", hex).code()).isEqualTo(2);
        } finally {
            JvmCommandTest.end(jvm);
        }
    }

    @Test
    void aMethodOfThisOne() throws Exception {
        String[] start = {null};
        JvmCode.open().forEach(each -> {
            if (each.kind() == CodeKind.METHOD && each.toString().startsWith("java.lang.String.") && each.tier() > 0) {
                start[0] = Long.toHexString(each.start());
            }
        });
        CliResult ran = CliResult.with("resolve", "self", "--jvm", start[0]);
        assertThat(ran.out()).containsPattern("(?m)^    java\\.lang\\.String\\..*\\+ 0x0  tier [1-4]  CODE_HEAP  ");
        assertThat(CliResult.with("resolve", "self", "--jvm", "--json", start[0]).objects().get(0).get("code").toString())
                .startsWith("java.lang.String.");
    }

    private static List<String> firstOf(String pid, String... regions) throws Exception {
        List<Map<String, Object>> parts = CliResult.with("jvm", pid, "--json").objects();
        List<String> addresses = new ArrayList<>();
        for (String region : regions) {
            addresses.add((String) parts.stream().filter(part -> part.get("region").equals(region)
                    && !"code heap".equals(part.get("detail"))).findFirst().orElseThrow().get("start"));
        }
        return addresses;
    }

    /** As a profiler hands them over: many times the same, in any order. */
    @Test
    void addressesOfAnotherFromAStream() throws Exception {
        Process jvm = JvmCommandTest.waiting();
        try {
            String pid = Long.toString(jvm.pid());
            List<String> addresses = firstOf(pid, "CODE_HEAP", "JAVA_HEAP");
            String input = (addresses.get(0) + "\n\n  " + addresses.get(1) + " \r\n").repeat(1000) + "0";
            CliResult ran = CliResult.reading(input, "resolve", "--jvm", pid, "-", "--json");
            assertThat(ran.err()).isEmpty();
            assertThat(ran.code()).as("one is in no mapping").isEqualTo(1);
            List<Map<String, Object>> objects = ran.objects();
            assertThat(objects).hasSize(2001);
            for (int i = 0; i < 2000; i++) {
                assertThat(objects.get(i)).containsEntry("address", addresses.get(i % 2))
                        .containsEntry("region", i % 2 == 0 ? "CODE_HEAP" : "JAVA_HEAP");
            }
            assertThat(objects.get(2000)).containsEntry("start", null).containsEntry("path", null).containsEntry("region", "UNKNOWN");
            assertThat(CliResult.reading(addresses.get(1), "resolve", "--jvm", pid, "-").out()).contains("\n    JAVA_HEAP  ");
        } finally {
            JvmCommandTest.end(jvm);
        }
    }

    /** More addresses than are resolved at once. */
    @Test
    void aStreamOfMoreThanIsAskedAtOnce() throws Exception {
        long heap = Long.decode(firstOf("self", "JAVA_HEAP").get(0));
        StringBuilder input = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            input.append(Long.toHexString(heap + i)).append('\n');
        }
        CliResult ran = CliResult.reading(input.toString(), "resolve", "self", "--jvm", "-");
        assertThat(ran.code()).isZero();
        List<String> lines = ran.lines();
        assertThat(lines).hasSize(200_000);
        for (int i = 0; i < 100_000; i++) {
            assertThat(lines.get(2 * i)).startsWith("0x" + Long.toHexString(heap + i) + "  ");
            assertThat(lines.get(2 * i + 1)).startsWith("    JAVA_HEAP  ");
        }
    }

    @Test
    void aBadLineOfAStreamIsNamedAndWhatCameBeforeIsAnswered() throws Exception {
        String heap = firstOf("self", "JAVA_HEAP").get(0);
        for (String[] ask : new String[][] {{"resolve", "self", "--jvm", "-"}, {"resolve", "self", "--jvm", "-", "--json"}}) {
            CliResult ran = CliResult.reading(heap + "\n\nfrog\n1\n", ask);
            assertThat(ran.code()).isEqualTo(2);
            assertThat(ran.err()).contains("line 3").contains("frog").hasLineCount(1);
            assertThat(ran.lines()).hasSize(ask.length == 5 ? 1 : 2).last().asString().contains("JAVA_HEAP");
        }
    }

    @Test
    void aStreamOfNothingReadsNoJvm() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try {
            String pid = Long.toString(cat.pid());
            assertThat(CliResult.reading("\n", "resolve", pid, "--jvm", "-")).isEqualTo(new CliResult(0, "", ""));
            CliResult ran = CliResult.reading("1\n", "resolve", pid, "--jvm", "-");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err()).contains("no JVM in process " + pid).hasLineCount(1);
            assertThat(ran.out()).isEmpty();
        } finally {
            cat.destroy();
        }
    }

    @Test
    void aJvmThatEndsBeforeItIsReadIsGone() throws Exception {
        Process jvm = JvmCommandTest.waiting();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        InputStream in = new ByteArrayInputStream("1\n".getBytes(StandardCharsets.US_ASCII)) {
            @Override
            public synchronized int read(byte[] bytes, int from, int length) {
                jvm.destroyForcibly().onExit().join();
                return super.read(bytes, from, length);
            }
        };
        int code = Main.run(new String[] {"resolve", Long.toString(jvm.pid()), "-", "--jvm"}, in, out, err);
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isEqualTo(4);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("has ended").hasLineCount(1);
        assertThat(out.size()).isZero();
    }
}
