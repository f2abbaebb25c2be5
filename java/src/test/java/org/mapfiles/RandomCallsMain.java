package org.mapfiles;

import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.mapfiles.events.MapEvent;
import org.mapfiles.events.MapEvents;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.MappedFile;
import org.mapfiles.files.SharedMappings;
import org.mapfiles.jvm.AddressInfo;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;
import org.mapfiles.jvm.JvmCodeReader;
import org.mapfiles.jvm.JvmResolver;
import org.mapfiles.live.LiveMaps;
import org.mapfiles.resident.ResidentBytes;
import org.mapfiles.resident.ResidentPages;
import org.mapfiles.resident.Smaps;
import org.mapfiles.resident.SmapsBytes;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;
import org.mapfiles.timeline.MapChanges;
import org.mapfiles.timeline.MapTimeline;
import org.mapfiles.timeline.TimelineResult;

/**
 * Four threads call random public methods on objects that they share: open, refresh, resolve, close, and the garbage
 * collector closes what is not closed. Prints the number of calls, or the first exception that no contract has.
 */
public final class RandomCallsMain {
    private static final int THREADS = 4;
    /** Objects of each type. Older ones are dropped without a close, except LiveMaps. */
    private static final int SLOTS = 6;

    private static final List<Class<?>> TYPES = List.of(
            ProcessMaps.class,
            MapSnapshot.class,
            MapCursor.class,
            Mapping.class,
            ImmutableMapping.class,
            MappingQuery.class,
            MapFilter.class,
            MapDifference.class,
            MapChunks.class,
            MapFiles.class,
            MapFilesEntries.class,
            MappedFile.class,
            SharedMappings.class,
            MapEvents.class,
            MapEvent.class,
            LiveMaps.class,
            LiveMaps.Builder.class,
            LiveMaps.Reader.class,
            MapTimeline.class,
            TimelineResult.class,
            MapChanges.class,
            ResidentPages.class,
            ResidentBytes.class,
            Smaps.class,
            SmapsBytes.class,
            Symbols.class,
            SymbolCache.class,
            SymbolInfo.class,
            JvmCode.class,
            JvmCodeReader.class,
            JvmResolver.class,
            CodeInfo.class,
            AddressInfo.class);

    /** Methods that write files, wait for other threads, or are called for the whole JVM. */
    private static final List<String> EXCLUDED = List.of("openForWriting", "stop", "save");

    /** Static methods of these have the JVM report all its code: they are called more rarely. */
    private static final List<Class<?>> READS_ALL_CODE = List.of(JvmCode.class, JvmCodeReader.class, JvmResolver.class);

    private final ConcurrentMap<Class<?>, AtomicReferenceArray<Object>> objects = new ConcurrentHashMap<>();
    private final List<Method> methods = new ArrayList<>();
    private final AtomicReference<Throwable> undocumented = new AtomicReference<>();
    private final long target;
    private volatile String lastText = "";

    private RandomCallsMain(long target) {
        this.target = target;
        for (Class<?> type : TYPES) {
            objects.put(type, new AtomicReferenceArray<>(SLOTS));
            for (Method method : type.getMethods()) {
                if (method.getDeclaringClass() != Object.class && !EXCLUDED.contains(method.getName())) {
                    methods.add(method);
                }
            }
        }
    }

    /** Arguments: the seed, and the calls of each thread. */
    public static void main(String[] arguments) throws Exception {
        long seed = Long.parseLong(arguments[0]);
        long calls = Long.parseLong(arguments[1]);
        Process sleeper = new ProcessBuilder("sleep", "1000").start();
        try {
            RandomCallsMain random = new RandomCallsMain(sleeper.pid());
            long[] accepted = new long[THREADS];
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int number = i;
                Thread thread =
                        new Thread(() -> accepted[number] = random.go(new Random(seed * THREADS + number), calls));
                thread.start();
                threads.add(thread);
            }
            Thread.sleep(200);
            sleeper.destroyForcibly();
            for (Thread thread : threads) {
                thread.join();
            }
            if (random.undocumented.get() != null) {
                System.out.println("seed " + seed + ":");
                random.undocumented.get().printStackTrace(System.out);
                System.exit(1);
            }
            System.out.println(
                    "summary: calls " + calls * THREADS + " calls of " + random.methods.size() + " methods seed " + seed
                            + " " + Arrays.stream(accepted).sum() + " without an exception 0 findings");
            System.exit(0); // background threads of LiveMaps
        } finally {
            sleeper.destroyForcibly();
        }
    }

    private long go(Random random, long calls) {
        long accepted = 0;
        for (long call = 0; call < calls && undocumented.get() == null; call++) {
            if (call % 5_000 == 0) {
                System.gc();
            }
            accepted += callOne(random) ? 1 : 0;
        }
        return accepted;
    }

    private boolean callOne(Random random) {
        Method method = methods.get(random.nextInt(methods.size()));
        if (READS_ALL_CODE.contains(method.getDeclaringClass())
                && Modifier.isStatic(method.getModifiers())
                && random.nextInt(50) != 0) {
            return false;
        }
        try {
            Object receiver = null;
            if (!Modifier.isStatic(method.getModifiers())) {
                receiver = object(method.getDeclaringClass(), random);
                if (receiver == null) {
                    keep(make(method.getDeclaringClass()), random);
                    return false;
                }
            }
            Parameter[] parameters = method.getParameters();
            Object[] arguments = new Object[parameters.length];
            for (int i = 0; i < arguments.length; i++) {
                arguments[i] = method.getName().equals("await")
                        ? random.nextInt(4)
                        : argument(parameters[i].getType(), random);
                if (arguments[i] == null) {
                    return false;
                }
            }
            keep(method.invoke(receiver, arguments), random);
            return true;
        } catch (InvocationTargetException e) {
            if (!isDocumented(e.getCause())) {
                undocumented.compareAndSet(null, new IllegalStateException(method.toString(), e.getCause()));
            }
            return false;
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            undocumented.compareAndSet(null, new IllegalStateException(method.toString(), e));
            return false;
        }
    }

    /** The exceptions that contracts have; not those of a fault in the library, such as a NullPointerException. */
    private static boolean isDocumented(Throwable exception) {
        return exception instanceof IOException
                || exception instanceof IllegalStateException
                || (exception instanceof IllegalArgumentException && !(exception instanceof NumberFormatException))
                || exception instanceof NoSuchElementException
                || exception instanceof UnsupportedOperationException
                || exception.getClass() == IndexOutOfBoundsException.class;
    }

    private Object object(Class<?> type, Random random) {
        AtomicReferenceArray<Object> slots = objects.get(type);
        if (slots != null) {
            Object object = slots.get(random.nextInt(SLOTS));
            if (object != null) {
                return object;
            }
        }
        for (Class<?> each : TYPES) {
            if (type.isAssignableFrom(each) && random.nextInt(3) == 0) {
                Object object = objects.get(each).get(random.nextInt(SLOTS));
                if (object != null) {
                    return object;
                }
            }
        }
        return null;
    }

    private void keep(Object result, Random random) {
        Object value = result instanceof Optional<?> optional ? optional.orElse(null) : result;
        if (value == null) {
            return;
        }
        for (Class<?> type : TYPES) {
            if (type.isInstance(value)) {
                Object dropped = objects.get(type).getAndSet(random.nextInt(SLOTS), value);
                if (dropped instanceof LiveMaps live) {
                    live.close(); // its thread refers to it: the garbage collector never closes it
                }
                return;
            }
        }
    }

    private static Object make(Class<?> type) throws ReflectiveOperationException {
        try {
            return type == JvmCode.class
                    ? JvmCode.open(1 << 20)
                    : type.getConstructor().newInstance();
        } catch (NoSuchMethodException | InstantiationException e) {
            return null; // a static method or another object makes it
        }
    }

    private Object argument(Class<?> type, Random random) {
        if (type == long.class) {
            return number(random);
        } else if (type == int.class) {
            return random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(40) - 2;
        } else if (type == boolean.class) {
            return random.nextBoolean();
        } else if (type == byte[].class) {
            return new byte[random.nextInt(64)];
        } else if (type == String.class) {
            return random.nextBoolean() ? "/lib/x" : "";
        } else if (type == Path.class) {
            return Path.of(random.nextBoolean() ? "/proc/self" : "/proc/" + target);
        } else if (type == Duration.class) {
            return Duration.ofMillis(random.nextInt(1000));
        } else if (type == ProcessHandle.class) {
            return ProcessHandle.current();
        } else if (type == Consumer.class) {
            return (Consumer<Object>) value -> lastText = value.toString();
        } else if (type == java.util.Set.class) {
            return EnumSet.of(MapFilesEntries.Field.values()[random.nextInt(MapFilesEntries.Field.values().length)]);
        } else if (type.isEnum()) {
            return type.getEnumConstants()[random.nextInt(type.getEnumConstants().length)];
        } else if (type.isArray() && type.getComponentType().isEnum()) {
            return Array.newInstance(type.getComponentType(), 0);
        } else if (type == long[].class) {
            return random.longs(random.nextInt(8)).toArray();
        } else if (type == Object.class) {
            return "an object";
        }
        return object(type, random);
    }

    private long number(Random random) {
        switch (random.nextInt(6)) {
            case 0:
                return random.nextLong();
            case 1:
                return target;
            case 2:
                return ProcessHandle.current().pid();
            case 3:
                return random.nextInt(1 << 20);
            default:
                Object snapshot = object(MapSnapshot.class, random);
                return snapshot == null ? 0 : address((MapSnapshot) snapshot, random);
        }
    }

    private static long address(MapSnapshot snapshot, Random random) {
        try {
            MapCursor cursor = snapshot.cursor();
            for (int i = random.nextInt(60); i >= 0 && cursor.next(); i--) {
                continue;
            }
            return cursor.start() + random.nextInt(4096);
        } catch (IllegalStateException | IndexOutOfBoundsException changed) {
            return 0;
        }
    }
}
