package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;

/**
 * The library as an agent: from the start of the JVM, attached later, twice, in two class loaders, and while the JVM
 * exits.
 */
class AgentTest {
    @TempDir
    Path directory;

    /** A copy of the library that no other JVM has loaded. */
    private Path library() throws Exception {
        JvmCode.open();
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                String name = mapping.name();
                if (name != null && name.contains("libmapfiles")) {
                    return Files.copy(Path.of(name), directory.resolve("libmapfiles.so"));
                }
            }
        }
        throw new AssertionError("not loaded");
    }

    private static String output(ChildJvm.Outcome outcome) {
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        return outcome.output()
                .lines()
                .filter(line -> !line.startsWith("WARNING: "))
                .collect(Collectors.joining("\n"));
    }

    @Test
    void agentFromTheStartRecordsAllCode() throws Exception {
        String agent = "-agentpath:" + library() + "=memory=8m";
        assertThat(output(new ChildJvm()
                        .with(agent, "-Xbatch", "-XX:TieredStopAtLevel=4")
                        .run(FindCodeMain.class, "earliest")))
                .isEqualTo("[came], libraries 1");
    }

    @Test
    void withoutTheAgentEarlierCodeIsMarked() throws Exception {
        assertThat(output(new ChildJvm().with("-Xbatch").run(FindCodeMain.class, "earliest")))
                .isEqualTo("[was there], libraries 1");
    }

    @Test
    void unknownOptionIsReported() throws Exception {
        Path library = library();
        for (String option : new String[] {
            "memory=",
            "memory=x",
            "memory=0",
            "mem=1",
            "memory=1mm",
            "memory=99999999999999999999g",
            "memory=2g",
            "memory=-1",
            "memory= 8m",
            "memory=+8m",
            "memory=64"
        }) {
            ChildJvm.Outcome outcome =
                    new ChildJvm().with("-agentpath:" + library + "=" + option).run(FindCodeMain.class, "earliest");
            assertThat(outcome.exit()).as(option).isNotZero();
            assertThat(outcome.output())
                    .as(option)
                    .contains("mapfiles agent: the option is memory=SIZE, such as memory=64m");
        }
    }

    @Test
    void agentMayBeAttachedTwiceBesideTheLibraryOfTheProgram() throws Exception {
        assertThat(output(
                        new ChildJvm().with("-XX:TieredStopAtLevel=4").run(FindCodeMain.class, "attached", library())))
                .isEqualTo("return code: 0\nreturn code: 0\nright true");
    }

    @Test
    void eachClassLoaderMayLoadTheLibrary() throws Exception {
        assertThat(output(new ChildJvm().with("-Duser.home=" + directory).run(FindCodeMain.class, "loaders")))
                .isEqualTo("found true\nfound true\nfound true\nlibraries 1");
        assertThat(directory.resolve(".cache/mapfiles")).isDirectory();
    }

    /** A JVM permits one class loader per library file: the others load the copy of the jar. */
    @Test
    void eachClassLoaderMayLoadTheLibraryBesideTheAgent() throws Exception {
        assertThat(output(new ChildJvm()
                        .with("-Duser.home=" + directory, "-agentpath:" + library())
                        .run(FindCodeMain.class, "loaders")))
                .isEqualTo("found true\nfound true\nfound true\nlibraries 2");
    }

    /** Such characters depend on the locale: the Java side then loads its own copy. */
    @Test
    void folderNameMayHaveOtherCharacters() throws Exception {
        Path folder = Path.of(directory + "/d\u00e9");
        assumeTrue(System.getProperty("sun.jnu.encoding").equals("UTF-8"), "this locale cannot name it");
        Files.createDirectory(folder);
        Path library = Files.move(library(), folder.resolve("libmapfiles.so"));
        assertThat(output(
                        new ChildJvm().with("-Xbatch", "-agentpath:" + library).run(FindCodeMain.class, "earliest")))
                .endsWith("libraries 2");
    }

    @Test
    void codeIsRecordedUntilTheLastClose() throws Exception {
        assertThat(output(new ChildJvm().with("-Xbatch").run(FindCodeMain.class, "closed")))
                .isEqualTo("one left: true\nthe program: true\nnone: false\nagain: true");
        assertThat(output(new ChildJvm()
                        .with("-Xbatch", "-agentpath:" + library())
                        .run(FindCodeMain.class, "closed", "agent")))
                .contains("none: true");
    }

    @Test
    void jvmMayExitWhileItReportsCode() throws Exception {
        for (int i = 0; i < 5; i++) {
            assertThat(output(new ChildJvm().with("-XX:TieredStopAtLevel=4").run(FindCodeMain.class, "exit")))
                    .isEqualTo("leaving");
        }
    }
}
