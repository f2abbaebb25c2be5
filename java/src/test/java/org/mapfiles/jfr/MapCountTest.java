package org.mapfiles.jfr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.Notification;
import org.junit.jupiter.api.Test;

/** How many mappings are there, and is there a warning in time? */
class MapCountTest {
    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();

    @Test
    void whatTheServerTells() throws Exception {
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
    void itWarnsOnceEachTimeTheShareIsPassed() throws Exception {
        BlockingQueue<Notification> warnings = new LinkedBlockingQueue<>();
        try (MapCount count = MapCount.register(Duration.ofMillis(20))) {
            server.addNotificationListener(count.name(), (warning, ignored) -> warnings.add(warning), null, null);
            assertThat(warnings.poll(200, TimeUnit.MILLISECONDS)).as("far from the limit").isNull();
            for (int i = 0; i < 2; i++) {
                count.setWarningShare(0.000_001);
                Notification warning = warnings.poll(20, TimeUnit.SECONDS);
                assertThat(warning.getType()).isEqualTo(MapCount.WARNING);
                assertThat(warning.getMessage()).contains("near vm.max_map_count").contains("sysctl -w");
                assertThat(warnings.poll(200, TimeUnit.MILLISECONDS)).as("said once").isNull();
                count.setWarningShare(1);
                Thread.sleep(100);
            }
        }
    }

    @Test
    void thereMayBeSeveral() throws Exception {
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
