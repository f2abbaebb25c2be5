package org.mapfiles.jfr;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.mapfiles.testing.Await;

/** Loads the library in two class loaders, as two applications of a server do, and records in both. */
final class RecordInTwoLoadersMain {
    private RecordInTwoLoadersMain() {}

    public static void main(String[] arguments) throws Exception {
        List<Class<?>> registered = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Class<?> events = Class.forName("org.mapfiles.jfr.JfrMapEvents", true, loader());
            events.getMethod("register").invoke(null);
            registered.add(events);
        }
        System.out.println("both: " + recorded(Path.of(arguments[0])));
        registered.get(0).getMethod("unregister").invoke(null);
        System.out.println("one: " + recorded(Path.of(arguments[1])));
    }

    private static ClassLoader loader() throws Exception {
        List<URL> places = new ArrayList<>();
        for (String place : System.getProperty("java.class.path").split(File.pathSeparator)) {
            places.add(Path.of(place).toUri().toURL());
        }
        return new URLClassLoader(places.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    /**
     * Returns the number of event types whose summaries are recorded, after a wait until one of them is there often.
     */
    private static String recorded(Path file) throws Exception {
        List<Long> types = new ArrayList<>();
        try (Recording recording = new Recording()) {
            recording.enable("mapfiles.MemoryMapSummary").withPeriod(Duration.ofMillis(50));
            recording.start();
            Await.until("several periods are over", () -> {
                types.clear();
                recording.dump(file);
                RecordingFile.readAllEvents(file).forEach(event -> {
                    if (event.getEventType().getName().equals("mapfiles.MemoryMapSummary")
                            && event.getLong("count") > 50) {
                        types.add(event.getEventType().getId());
                    }
                });
                return types.stream().anyMatch(type -> Collections.frequency(types, type) >= 4);
            });
            recording.stop();
        }
        return types.stream().distinct().count() + " types, events " + !types.isEmpty();
    }
}
