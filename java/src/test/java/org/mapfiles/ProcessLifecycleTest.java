package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.SpecialMappingsProcess;

/** An open process whose target exits or executes another program. */
class ProcessLifecycleTest {
    private static final MapFilter[] WAYS = {
        MapFilter.all(), MapFilter.all().executable(), MapFilter.all().by(Backend.TEXT)
    };

    @RegisterExtension
    final Children children = new Children();

    private final MappingQuery query = new MappingQuery();

    private void isGone(ProcessMaps maps, MapSnapshot kept, String why) throws Exception {
        List<MappingState> before = MappingState.all(kept);
        MapCursor cursor = kept.cursor().seek(0);
        for (MapFilter way : WAYS) {
            assertThatThrownBy(() -> maps.snapshot(way))
                    .as("%s", way)
                    .isInstanceOf(ProcessExitedException.class)
                    .hasMessageContaining(why)
                    .hasMessageContaining(Integer.toString(maps.pid()));
            assertThatThrownBy(() -> maps.read(kept, way)).isInstanceOf(ProcessExitedException.class);
            assertThatThrownBy(() -> maps.query(0, way, true, query)).isInstanceOf(ProcessExitedException.class);
            assertThatThrownBy(query::start).isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(() -> maps.refresh(kept)).isInstanceOf(ProcessExitedException.class);
        assertThat(cursor.start())
                .as("a failed read keeps the snapshot")
                .isEqualTo(before.get(0).line().start());
        assertThat(MappingState.all(kept)).isEqualTo(before);
    }

    @Test
    void exitedProcessThrowsAndItsSnapshotStays() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid())) {
            MapSnapshot snapshot = maps.snapshot();
            Children.killAndWait(sleeper);
            isGone(maps, snapshot, "exited");
        }
    }

    @Test
    void zombieHasExited() throws Exception {
        Process parent = children.start("sh", "-c", "sleep 1000 & echo $!; exec sleep 1000");
        long child = Long.parseLong(parent.inputReader().readLine());
        try (ProcessMaps maps = ProcessMaps.of(child)) {
            MapSnapshot snapshot = maps.snapshot();
            Children.awaitSleep(parent.pid()); // the shell does not wait for its child any more
            Children.kill(child);
            Children.await("the child is a zombie", () -> Children.state(child) == 'Z');
            isGone(maps, snapshot, "zombie");
        }
    }

    /** Another process gets the PID. The object stays with the process that it was opened for. */
    @Test
    void laterProcessOfThePidIsNotMistaken() throws Exception {
        Process sleeper = children.sleeper();
        ProcessHandle handle = sleeper.toHandle();
        try (ProcessMaps maps = ProcessMaps.of(handle)) {
            Children.killAndWait(sleeper);
            for (int i = 0; i < 3; i++) {
                Process later = children.sleeper();
                assertThatThrownBy(maps::snapshot).isInstanceOf(ProcessExitedException.class);
                assertThatThrownBy(() -> ProcessMaps.of(handle)).isInstanceOf(ProcessExitedException.class);
                Children.killAndWait(later);
            }
        }
    }

    @Test
    void processIsFollowedAcrossExec() throws Exception {
        for (MapFilter way : WAYS) {
            Process shell = children.start("sh", "-c", "read go; exec sleep 1000");
            try (ProcessMaps maps = ProcessMaps.of(shell.pid())) {
                Children.await(
                        "it is a shell that waits",
                        () -> Children.program(shell.pid()).endsWith("sh") && Children.state(shell.pid()) == 'S');
                MapSnapshot snapshot = maps.snapshot(way);
                MapCursor cursor = snapshot.cursor().seek(0);
                shell.getOutputStream().write('\n');
                shell.getOutputStream().flush();
                Children.awaitSleep(shell.pid());
                assertThat(maps.refresh(snapshot)).as("%s", way).isTrue();
                assertThatThrownBy(cursor::start).isInstanceOf(IllegalStateException.class);
                try (ProcessMaps anew = ProcessMaps.of(shell.pid())) {
                    assertThat(MappingState.all(snapshot)).isNotEmpty().isEqualTo(MappingState.all(anew.snapshot(way)));
                }
                assertThat(maps.refresh(snapshot)).isFalse();
            }
        }
    }

    /** Its own directory has no mappings any more; the directory of another thread has them. */
    @Test
    void processContinuesWithoutItsFirstThread() throws Exception {
        SpecialMappingsProcess child = SpecialMappingsProcess.with("plain", "permissions");
        try {
            child.start();
            MapSnapshot before = child.maps().snapshot();
            child.command("leader-exit");
            Children.await("the first thread has ended", () -> Children.state(child.pid()) == 'Z');
            try (ProcessMaps late = ProcessMaps.of(child.pid())) {
                for (ProcessMaps maps : List.of(child.maps(), late)) {
                    for (MapFilter way : WAYS) {
                        MapSnapshot snapshot = maps.snapshot(way);
                        assertThat(snapshot.size()).as("%s", way).isPositive();
                    }
                    maps.refresh(before);
                    for (SpecialMappingsProcess.Made made : child.made()) {
                        assertThat(before.find(made.line().start()))
                                .as("%s", made)
                                .isNotNegative();
                        assertThat(maps.query(made.line().start(), query)).isTrue();
                        assertThat(MapsLine.of(query)).isEqualTo(made.line());
                    }
                }
            }
        } finally {
            child.stop();
        }
    }

    @Test
    void remadeMappingsAreReadAgain() throws Exception {
        SpecialMappingsProcess child = SpecialMappingsProcess.with("memfd");
        try {
            child.start();
            for (int i = 0; i < 3; i++) {
                MapSnapshot snapshot = child.maps().snapshot();
                child.exec();
                assertThat(child.maps().refresh(snapshot)).isTrue();
                for (SpecialMappingsProcess.Made made : child.made()) {
                    assertThat(MapsLine.of(snapshot.cursor()
                                    .seek(snapshot.find(made.line().start()))))
                            .isEqualTo(made.line());
                    assertThat(child.maps().query(made.line().start(), query)).isTrue();
                    assertThat(MapsLine.of(query)).isEqualTo(made.line());
                }
            }
        } finally {
            child.stop();
        }
    }
}
