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
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * Counts this JVM's mappings against {@code vm.max_map_count}, as an MBean that warns: a JVM that reaches the limit fails to start
 * threads, to load classes and to commit heap, and seldom says why.
 *
 * <pre>{@code
 * MapCount count = MapCount.register(Duration.ofSeconds(10));         // looks so often
 * }</pre>
 *
 * <p>The name is {@code org.mapfiles:type=MapCount}, with a number where another class loader has that. A notification of type
 * {@link #WARNING} is sent when the share passes the one set (0.8 at first), and again only after it was below.
 *
 * <p>Thread-safe. A look takes a few hundred bytes of heap. The JVM needs the module java.management.
 */
public final class MapCount implements MapCountMXBean, AutoCloseable {
    /** Type of the notification. */
    public static final String WARNING = "org.mapfiles.mapcount.warning";

    private static final double FIRST_SHARE = 0.8;
    private static final int MAX_NAMES = 1_000;
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private final NotificationBroadcasterSupport broadcaster = new NotificationBroadcasterSupport(
            new MBeanNotificationInfo(new String[] {WARNING}, Notification.class.getName(), "the number of mappings nears vm.max_map_count"));
    private final ProcessMaps maps;
    private final MapSnapshot snapshot = new MapSnapshot();
    private final Thread looker;
    private final long nanos;
    private ObjectName name;
    private volatile double warningShare = FIRST_SHARE;
    private volatile boolean closed;
    private volatile String failure;
    private boolean warned;
    private long sequence;

    private MapCount(Duration every) throws MapsException {
        nanos = every.compareTo(LONGEST) < 0 ? every.toNanos() : Long.MAX_VALUE;
        maps = ProcessMaps.self();
        looker = new Thread(this::run, "mapfiles-count");
        looker.setDaemon(true);
    }

    /**
     * Registers it with the JVM's own server of MBeans.
     *
     * @param every how often to look whether to warn; 292 years are the longest
     * @throws IllegalArgumentException if that is not above 0
     * @throws MapsException if this JVM cannot read its own mappings
     */
    public static MapCount register(Duration every) throws MapsException {
        if (every.isZero() || every.isNegative()) {
            throw new IllegalArgumentException("not a time to wait: " + every);
        }
        MapCount count = new MapCount(every);
        try {
            count.register(ManagementFactory.getPlatformMBeanServer());
        } catch (JMException | RuntimeException e) {
            count.maps.close();
            throw new IllegalStateException("it cannot be registered: " + e, e);
        }
        count.looker.start();
        return count;
    }

    private void register(MBeanServer server) throws JMException {
        StandardEmitterMBean bean = new Described(this, broadcaster);
        for (int number = 1;; number++) {
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

    /** Has a description of each attribute, for consoles. */
    private static final class Described extends StandardEmitterMBean {
        private static final Map<String, String> TEXTS = Map.of(
                "Count", "Number of mappings that this JVM has now: lines of /proc/self/maps. -1: they cannot be read",
                "Limit", "Maximum number of mappings of a process: sysctl vm.max_map_count. -1: unknown",
                "Headroom", "Number of mappings that can still be made: Limit - Count. -1: unknown",
                "Share", "Count / Limit, a number from 0 to 1. 0: unknown",
                "WarningShare", "Share from which on a notification of type " + WARNING + " is sent: above 0, up to 1. 1: never",
                "Failure", "The exception with which the last periodic check failed. null: it did not fail");

        Described(MapCount count, NotificationBroadcasterSupport broadcaster) {
            super(count, MapCountMXBean.class, true, broadcaster);
        }

        @Override
        protected String getDescription(MBeanInfo info) {
            return "Number of memory mappings of this JVM and the limit of the kernel";
        }

        @Override
        protected String getDescription(MBeanAttributeInfo attribute) {
            return TEXTS.get(attribute.getName());
        }
    }

    /** What it is registered as. */
    public ObjectName name() {
        return name;
    }

    private void run() {
        while (!closed) {
            try {
                look();
                failure = null;
            } catch (Throwable e) { // also an Error of a listener, or OutOfMemoryError: the next check may succeed
                failure = e.toString();
            }
            LockSupport.parkNanos(this, nanos);
            Thread.interrupted(); // somebody interrupted all threads: left so, none would wait again
        }
    }

    private void look() {
        long limit = ProcessMaps.maxMappings();
        long count = getCount();
        boolean isNear = limit > 0 && count >= warningShare * limit && warningShare < 1;
        if (isNear && !warned) {
            broadcaster.sendNotification(new Notification(WARNING, name, ++sequence, System.currentTimeMillis(), count
                    + " mappings are near vm.max_map_count (" + limit + "): raise it with sysctl -w vm.max_map_count=" + 2 * limit));
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
    public String getFailure() {
        return failure;
    }

    @Override
    public double getWarningShare() {
        return warningShare;
    }

    @Override
    public void setWarningShare(double share) {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("a share is above 0, up to 1: " + share);
        }
        warningShare = share;
        LockSupport.unpark(looker);
    }

    /** Takes it out of the server, and stops looking. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(looker);
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
