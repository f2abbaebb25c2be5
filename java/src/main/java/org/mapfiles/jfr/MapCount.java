package org.mapfiles.jfr;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanNotificationInfo;
import javax.management.MBeanServer;
import javax.management.Notification;
import javax.management.NotificationBroadcasterSupport;
import javax.management.ObjectName;
import javax.management.StandardEmitterMBean;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * An MBean with the number of mappings of this JVM and the limit {@code vm.max_map_count}. It sends a notification near
 * the limit. A JVM that reaches the limit fails to start threads, load classes or commit heap, and its error message
 * seldom names the limit.
 *
 * <pre>{@code
 * MapCount count = MapCount.register(Duration.ofSeconds(10));         // the interval of checks
 * }</pre>
 *
 * <p>The name is {@code org.mapfiles:type=MapCount}. A number is added if another class loader has registered that
 * name. A notification of type {@link #WARNING} is sent when the share reaches {@link #getWarningShare()} (default
 * 0.8). It is sent again only after the share was below.
 *
 * <p>Thread-safe. A check allocates a few hundred bytes. The JVM needs the module java.management.
 */
public final class MapCount implements MapCountMXBean, AutoCloseable {
    /** The type of the notification. */
    public static final String WARNING = "org.mapfiles.mapcount.warning";

    private static final double DEFAULT_SHARE = 0.8;
    private static final int MAX_NAMES = 1_000;
    private static final Duration MAX_INTERVAL = Duration.ofNanos(Long.MAX_VALUE);

    private final NotificationBroadcasterSupport broadcaster =
            new NotificationBroadcasterSupport(new MBeanNotificationInfo(
                    new String[] {WARNING},
                    Notification.class.getName(),
                    "The number of mappings is near vm.max_map_count"));
    private final ProcessMaps maps;
    private final MapSnapshot snapshot = new MapSnapshot();
    private final Thread checker;
    private final long nanos;
    private ObjectName name; // set by register()
    private volatile double warningShare = DEFAULT_SHARE;
    private volatile boolean closed;
    private volatile @Nullable String failure;
    private boolean warned;
    private long sequence;

    private MapCount(Duration interval) throws MapsException {
        nanos = interval.compareTo(MAX_INTERVAL) < 0 ? interval.toNanos() : Long.MAX_VALUE;
        maps = ProcessMaps.self();
        checker = new Thread(this::run, "mapfiles-count");
        checker.setDaemon(true);
    }

    /**
     * Registers a new MBean with the platform MBean server, and starts a daemon thread that checks the number of
     * mappings.
     *
     * @param interval time between two checks, above 0; more than 292 years count as 292 years
     * @return the MBean, to be closed by the caller
     * @throws IllegalArgumentException if {@code interval} is not above 0
     * @throws IllegalStateException if the MBean cannot be registered
     * @throws MapsException if this JVM cannot read its own mappings
     */
    public static MapCount register(Duration interval) throws MapsException {
        if (interval.isZero() || interval.isNegative()) {
            throw new IllegalArgumentException("the interval must be above 0: " + interval);
        }
        MapCount count = new MapCount(interval);
        try {
            count.register(ManagementFactory.getPlatformMBeanServer());
        } catch (JMException | RuntimeException e) {
            count.maps.close();
            throw new IllegalStateException("the MBean cannot be registered: " + e, e);
        }
        count.checker.start();
        return count;
    }

    private void register(MBeanServer server) throws JMException {
        StandardEmitterMBean bean = new Described(this, broadcaster);
        for (int number = 1; ; number++) {
            name = new ObjectName("org.mapfiles:type=MapCount" + (number == 1 ? "" : ",number=" + number));
            try {
                server.registerMBean(bean, name);
                return;
            } catch (InstanceAlreadyExistsException taken) {
                if (number == MAX_NAMES) {
                    throw taken;
                }
            }
        }
    }

    /** Has a description of each attribute, which consoles show. */
    private static final class Described extends StandardEmitterMBean {
        private static final Map<String, String> TEXTS = Map.of(
                "Count", "Number of mappings that this JVM has now: lines of /proc/self/maps. -1: they cannot be read",
                "Limit", "Maximum number of mappings of a process: sysctl vm.max_map_count. -1: unknown",
                "Headroom", "Number of mappings that can still be made: Limit - Count. -1: unknown",
                "Share", "Count / Limit, a number from 0 to 1. 0: unknown",
                "WarningShare",
                        "Share at which a notification of type " + WARNING + " is sent: above 0, at most 1. 1: never",
                "Failure", "The exception with which the last periodic check failed. null: it did not fail");

        Described(MapCount count, NotificationBroadcasterSupport broadcaster) {
            super(count, MapCountMXBean.class, true, broadcaster);
        }

        @Override
        protected String getDescription(MBeanInfo info) {
            return "Number of memory mappings of this JVM and the limit of the kernel";
        }

        @Override
        protected @Nullable String getDescription(MBeanAttributeInfo attribute) {
            return TEXTS.get(attribute.getName());
        }
    }

    /** {@return the name under which the MBean is registered} */
    public ObjectName name() {
        return name;
    }

    private void run() {
        while (!closed) {
            try {
                check();
                failure = null;
            } catch (Throwable e) { // also an Error of a listener, or OutOfMemoryError: the next check may succeed
                failure = e.toString();
            }
            LockSupport.parkNanos(this, nanos);
            Thread.interrupted(); // clears the status: with it parkNanos returns immediately
        }
    }

    private void check() {
        long limit = ProcessMaps.maxMappings();
        long count = getCount();
        boolean isNear = limit > 0 && count >= warningShare * limit && warningShare < 1;
        if (isNear && !warned) {
            broadcaster.sendNotification(new Notification(
                    WARNING,
                    name,
                    ++sequence,
                    System.currentTimeMillis(),
                    count + " mappings are near vm.max_map_count (" + limit
                            + "): raise it with sysctl -w vm.max_map_count=" + 2 * limit));
        }
        warned = isNear;
    }

    @Override
    public long getCount() {
        try {
            synchronized (snapshot) {
                maps.refresh(snapshot);
                return snapshot.size();
            }
        } catch (MapsException | IllegalStateException notNow) {
            return -1;
        }
    }

    @Override
    public long getLimit() {
        return ProcessMaps.maxMappings();
    }

    @Override
    public long getHeadroom() {
        long limit = ProcessMaps.maxMappings();
        long count = getCount();
        return limit < 0 || count < 0 ? -1 : Math.max(limit - count, 0);
    }

    @Override
    public double getShare() {
        long limit = ProcessMaps.maxMappings();
        return limit <= 0 ? 0 : Math.max(getCount(), 0) / (double) limit;
    }

    @Override
    public @Nullable String getFailure() {
        return failure;
    }

    @Override
    public double getWarningShare() {
        return warningShare;
    }

    @Override
    public void setWarningShare(double share) {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("the share must be above 0 and at most 1: " + share);
        }
        warningShare = share;
        LockSupport.unpark(checker);
    }

    /** Unregisters the MBean and stops the checks. Has no effect if it is closed. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(checker);
        try {
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
        } catch (InstanceNotFoundException again) {
            // closed before
        } catch (JMException e) {
            throw new IllegalStateException(e);
        } finally {
            maps.close();
        }
    }
}
