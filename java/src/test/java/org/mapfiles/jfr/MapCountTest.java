package org.mapfiles.jfr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.JMX;
import javax.management.MBeanInfo;
import javax.management.MBeanServer;
import javax.management.Notification;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.Children;

/** The number of mappings, and the notification when a share of the limit is passed. */
class MapCountTest {
    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();

    @Test
    void attributesOfTheMBean() throws Exception {
        try (MapCount count = MapCount.register(Duration.ofSeconds(60))) {
            MapCountMXBean bean = JMX.newMXBeanProxy(server, count.name(), MapCountMXBean.class);
            assertThat(bean.getCount()).isBetween(50L, 100_000L);
            assertThat(bean.getLimit()).isGreaterThan(1_000);
            assertThat(bean.getHeadroom()).isBetween(1L, bean.getLimit());
            assertThat(bean.getShare()).isBetween(0.0001, 1.0);
            assertThat(bean.getWarningShare()).isEqualTo(0.8);
            assertThatIllegalArgumentException().isThrownBy(() -> count.setWarningShare(0));
            assertThatIllegalArgumentException().isThrownBy(() -> count.setWarningShare(Double.NaN));
            assertThatIllegalArgumentException().isThrownBy(() -> MapCount.register(Duration.ZERO));
        }
    }

    @Test
    void notificationIsSentOncePerPassedShare() throws Exception {
        BlockingQueue<Notification> warnings = new LinkedBlockingQueue<>();
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        try (MapCount count = MapCount.register(Duration.ofMillis(20))) {
            Thread checker = checker(before);
            server.addNotificationListener(count.name(), (warning, ignored) -> warnings.add(warning), null, null);
            awaitCheck(checker);
            assertThat(warnings).as("far from the limit").isEmpty();
            for (int i = 0; i < 2; i++) {
                count.setWarningShare(0.000_001);
                Notification warning = warnings.poll(60, TimeUnit.SECONDS);
                assertThat(warning).as("a warning").isNotNull();
                assertThat(warning.getType()).isEqualTo(MapCount.WARNING);
                assertThat(warning.getMessage())
                        .contains("near vm.max_map_count")
                        .contains("sysctl -w");
                awaitCheck(checker);
                assertThat(warnings).as("sent once").isEmpty();
                count.setWarningShare(1);
                awaitCheck(checker);
            }
        }
    }

    /** Waits until a check that began after this call has ended: the thread waits before and after each. */
    private static void awaitCheck(Thread checker) throws Exception {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long waits = threads.getThreadInfo(checker.getId()).getWaitedCount();
        Children.await(
                "two more waits", () -> threads.getThreadInfo(checker.getId()).getWaitedCount() >= waits + 2);
    }

    private static Thread checker(Set<Thread> before) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(each -> each.getName().equals("mapfiles-count") && !before.contains(each))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void errorOfAListenerDoesNotStopPolling() throws Exception {
        BlockingQueue<Notification> warnings = new LinkedBlockingQueue<>();
        AtomicBoolean isBroken = new AtomicBoolean(true);
        try (MapCount count = MapCount.register(Duration.ofMillis(20))) {
            MapCountMXBean bean = JMX.newMXBeanProxy(server, count.name(), MapCountMXBean.class);
            assertThat(bean.getFailure()).isNull();
            server.addNotificationListener(
                    count.name(),
                    (warning, ignored) -> {
                        if (isBroken.get()) {
                            throw new StackOverflowError("a listener's own");
                        }
                        warnings.add(warning);
                    },
                    null,
                    null);
            count.setWarningShare(0.000_001);
            Children.await("a check fails", () -> bean.getFailure() != null);
            assertThat(bean.getFailure()).contains("a listener's own");
            isBroken.set(false);
            assertThat(warnings.poll(60, TimeUnit.SECONDS))
                    .as("sent again, since no listener has taken it")
                    .isNotNull();
            Children.await("a check succeeds", () -> bean.getFailure() == null);
        }
    }

    @Test
    void eachAttributeHasADescription() throws Exception {
        try (MapCount count = MapCount.register(Duration.ofSeconds(60))) {
            MBeanInfo info = server.getMBeanInfo(count.name());
            assertThat(info.getDescription()).contains("mappings");
            assertThat(info.getAttributes())
                    .hasSize(6)
                    .allSatisfy(attribute -> assertThat(attribute.getDescription())
                            .as(attribute.getName())
                            .contains(" ")
                            .hasSizeGreaterThan(20));
        }
    }

    @Test
    void interruptedPollingThreadContinues() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        try (MapCount count = MapCount.register(Duration.ofSeconds(60))) {
            Thread looker = parked(before);
            looker.interrupt();
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            long cpu = threads.getThreadCpuTime(looker.getId());
            long start = System.nanoTime();
            Thread.sleep(500);
            long share = (threads.getThreadCpuTime(looker.getId()) - cpu) * 100 / (System.nanoTime() - start);
            assertThat(share).as("percent of a processor").isBetween(0L, 19L);
            assertThat(parked(before)).isSameAs(looker);
            assertThat(count.getCount()).isPositive();
        }
    }

    /** Returns the polling thread: a new thread that waits. */
    private static Thread parked(Set<Thread> before) throws Exception {
        Thread thread = checker(before);
        Children.await("it waits", () -> thread.getState() == Thread.State.TIMED_WAITING);
        return thread;
    }

    @Test
    void longestPeriodIsAccepted() throws Exception {
        for (Duration every : new Duration[] {Duration.ofSeconds(Long.MAX_VALUE), Duration.ofNanos(Long.MAX_VALUE)}) {
            Set<Thread> before = Thread.getAllStackTraces().keySet();
            try (MapCount count = MapCount.register(every)) {
                parked(before);
                assertThat(count.getCount()).isPositive();
            }
        }
    }

    @Test
    void severalInstancesArePermitted() throws Exception {
        MapCount one = MapCount.register(Duration.ofSeconds(60));
        MapCount other = MapCount.register(Duration.ofSeconds(60));
        assertThat(other.name()).isNotEqualTo(one.name());
        one.close();
        other.close();
        one.close();
        assertThat(server.isRegistered(one.name())).isFalse();
        assertThat(server.isRegistered(other.name())).isFalse();
        assertThat(one.getCount()).isEqualTo(-1);
    }
}
