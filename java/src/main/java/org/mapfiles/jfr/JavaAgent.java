package org.mapfiles.jfr;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapsException;

/**
 * Starts the events and the MBean in an application that is not changed.
 *
 * <pre>java -javaagent:mapfiles.jar=jfr,mbean -jar application.jar</pre>
 *
 * <p>The options are separated by commas: {@code jfr} calls {@link JfrMapEvents#register}, {@code mbean} calls
 * {@link MapCount#register(java.time.Duration)} with an interval of ten seconds. Without options, both. The JVM calls
 * this class; programs call the two methods.
 */
public final class JavaAgent {
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private JavaAgent() {}

    /**
     * Called by the JVM before {@code main}. If this JVM cannot do what an option asks for, a line on standard error
     * has the cause, and the application starts without it.
     *
     * @param options the text after {@code =}; null if there is none
     * @throws IllegalArgumentException if an option is unknown: the JVM then does not start
     */
    public static void premain(@Nullable String options) {
        String[] names = options == null || options.isBlank() ? new String[] {"jfr", "mbean"} : options.split(",", -1);
        for (String name : names) {
            if (!name.equals("jfr") && !name.equals("mbean")) {
                throw new IllegalArgumentException(
                        "the options of the mapfiles agent are jfr and mbean, separated by a comma, not: " + options);
            }
        }
        for (String name : names) {
            start(name);
        }
    }

    /**
     * A linkage error is the result of a missing module, such as jdk.jfr, or of a native library that cannot be loaded.
     */
    private static void start(String name) {
        try {
            if (name.equals("jfr")) {
                JfrMapEvents.register();
            } else {
                MapCount.register(INTERVAL);
            }
        } catch (MapsException | IllegalStateException | LinkageError e) {
            System.err.println("mapfiles: the agent does not start " + name + ": " + e);
        }
    }
}
