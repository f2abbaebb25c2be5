package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.events.DrainedEvent;
import org.mapfiles.events.MapEvent;
import org.mapfiles.events.MapEvents;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.jfr.MapCount;
import org.mapfiles.jvm.AddressInfo;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;
import org.mapfiles.jvm.JvmCodeReader;
import org.mapfiles.jvm.JvmCodeSnapshot;
import org.mapfiles.jvm.JvmProcess;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.JvmResolver;
import org.mapfiles.jvm.PerfMap;
import org.mapfiles.live.LiveMaps;
import org.mapfiles.resident.ResidentBytes;
import org.mapfiles.resident.ResidentPages;
import org.mapfiles.resident.Smaps;
import org.mapfiles.resident.SmapsBytes;
import org.mapfiles.saved.Crash;
import org.mapfiles.saved.LibraryOffsets;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;
import org.mapfiles.timeline.MapTimeline;
import org.mapfiles.timeline.TimelineResult;

/** Passes null for each parameter of each public method in turn. The method itself throws, and names the parameter. */
class NullArgumentsTest {
    private static final String MAP_CHANGE =
            "MapChange.org.mapfiles.timeline.MapChange(Kind,ImmutableMapping,ImmutableMapping,boolean,long,long,boolean) ";

    /** The name in the message of a NullPointerException: a name alone, or the format of the JDK (JEP 358). */
    private static final Pattern NAMES_A_PARAMETER =
            Pattern.compile("[a-z]\\w*|.*because \"[a-z]\\w*\" is null", Pattern.CASE_INSENSITIVE);

    /** Methods that document null as an argument, and the callbacks of {@link MapDifference.Visitor}. */
    private static final Set<String> TAKE_NULL = Set.of(
            "equals",
            "JavaAgent.premain(String) 0",
            MAP_CHANGE + 1,
            MAP_CHANGE + 2,
            "Visitor.split(Mapping) 0",
            "Visitor.merged(Mapping) 0",
            "JavaThread.org.mapfiles.jvm.JvmProcess$JavaThread(int,String,Thread,long,long) 2");

    private final Map<Class<?>, Object> values = new HashMap<>();
    private final List<String> faults = new ArrayList<>();
    private MapSnapshot files;

    private <T> void value(Class<? super T> type, T value) {
        values.put(type, value);
    }

    @Test
    void nullIsRejectedByName() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmResolver resolver = JvmResolver.recording()) {
            prepare(maps, resolver);
            int calls = 0;
            for (Class<?> type : publicTypes()) {
                List<Executable> all = new ArrayList<>(List.of(type.getDeclaredMethods()));
                all.addAll(List.of(type.getDeclaredConstructors()));
                for (Executable each : all) {
                    calls += Modifier.isPublic(each.getModifiers()) && !each.isSynthetic() && !isOfEnum(each)
                            ? tryEach(each)
                            : 0;
                }
            }
            assertThat(calls).isGreaterThan(90);
            assertThat(faults).isEmpty();
        }
    }

    private void prepare(ProcessMaps maps, JvmResolver resolver) throws Exception {
        MapSnapshot snapshot = maps.snapshot();
        files = maps.snapshot(MapFilter.all().executable().fileBacked());
        MappingQuery query = MappingQuery.withBuildId();
        assertThat(maps.query(files.cursor().seek(0).start(), query)).isTrue();
        MapFilesEntries entries = new MapFilesEntries();
        assertThat(MapFiles.of(maps).read(query, entries)).isTrue();
        assertThat(entries.count()).isEqualTo(1);
        MapTimeline timeline = MapTimeline.withMaxBytes(1 << 20);
        timeline.poll(maps, snapshot);
        JvmCode code = JvmCode.open();
        value(ProcessMaps.class, maps);
        value(MapSnapshot.class, snapshot);
        value(MapCursor.class, files.cursor().seek(0));
        value(Mapping.class, query);
        value(MappingQuery.class, query);
        value(MapFilesEntries.class, entries);
        value(MapFiles.class, MapFiles.of(maps));
        value(MapFilter.class, MapFilter.all());
        value(Backend.class, Backend.TEXT);
        value(Set.class, EnumSet.allOf(MapFilesEntries.Field.class));
        value(List.class, List.of(maps, maps));
        value(MapTimeline.class, timeline);
        value(TimelineResult.class, new TimelineResult());
        value(ImmutableMapping.class, query.copy());
        value(MapDifference.Visitor.class, new NoVisitor());
        value(LiveMaps.Builder.class, LiveMaps.of(maps));
        value(LiveMaps.class, null); // starts a thread: LiveMapsTest tests it
        value(MapEvent.class, DrainedEvent.ofZeros());
        value(MapEvents.class, null); // may be denied: MapEvents has its own tests
        value(MapEvents.Option[].class, new MapEvents.Option[0]);
        value(String.class, "x");
        value(byte[].class, new byte[256]);
        value(ByteBuffer.class, ByteBuffer.allocate(8192));
        value(long[].class, new long[1]);
        value(int[].class, new int[1]);
        value(Duration.class, Duration.ofDays(1));
        value(Path.class, Path.of("/no/such/file"));
        value(InputStream.class, new ByteArrayInputStream(new byte[0]));
        value(OutputStream.class, OutputStream.nullOutputStream());
        value(ProcessHandle.class, ProcessHandle.current());
        value(JvmCode.class, code);
        value(CodeInfo.class, new CodeInfo());
        value(JvmResolver.class, resolver);
        value(AddressInfo.class, new AddressInfo());
        value(JvmRegions.class, JvmRegions.read());
        value(JvmCodeReader.class, JvmCodeReader.of(maps));
        value(JvmCodeSnapshot.class, JvmCodeReader.of(maps).snapshot());
        value(CodeInfo.AddressKind.class, CodeInfo.AddressKind.RUNNING_AT);
        JvmProcess jvm = JvmProcess.of(maps); // the cleaner closes it
        value(JvmProcess.class, jvm);
        value(JvmProcess.Flags.class, jvm.flags());
        value(JvmRegions.Kind.class, JvmRegions.Kind.UNKNOWN);
        SymbolCache cache = SymbolCache.ofBytes(1 << 20);
        value(SymbolCache.class, cache);
        value(Symbols.class, Symbols.of(maps, cache));
        value(SymbolInfo.class, new SymbolInfo());
        value(SymbolInfo[].class, new SymbolInfo[] {new SymbolInfo()});
        value(ElfFile.class, cache.open(Path.of("/proc/self/exe")));
        value(Consumer.class, (Consumer<Object>) each -> {});
        value(ResidentPages.class, new ResidentPages());
        value(ResidentBytes.class, new ResidentBytes());
        value(Smaps.class, new Smaps());
        value(SmapsBytes.class, new SmapsBytes());
        String hsErr = """
                #
                # A fatal error has been detected by the Java Runtime Environment:
                #
                #  SIGSEGV (0xb) at pc=0x00007f0000001234, pid=77, tid=78
                #
                """;
        Crash crash = SavedMaps.read(new ByteArrayInputStream(hsErr.getBytes(StandardCharsets.US_ASCII)))
                .crash()
                .orElseThrow();
        value(Crash.class, crash);
        value(Crash.Address.class, crash.addresses().get(0));
        value(
                SavedMaps.class,
                SavedMaps.read(new ByteArrayInputStream(
                        "00001000-00002000 r--p 00000000 00:00 0 \n".getBytes(StandardCharsets.US_ASCII))));
        value(LibraryOffsets.class, new LibraryOffsets(snapshot));
        value(Crash.Address.Role.class, Crash.Address.Role.PC);
    }

    private static final class NoVisitor implements MapDifference.Visitor {
        @Override
        public void added(Mapping now) {
            // nothing
        }

        @Override
        public void removed(Mapping before) {
            // nothing
        }

        @Override
        public void changed(Mapping before, Mapping now) {
            // nothing
        }
    }

    /** Calls a method with null for each of its references in turn. Returns the number of calls. */
    private int tryEach(Executable method) throws Exception {
        Class<?>[] types = method.getParameterTypes();
        boolean isStatic = method instanceof Constructor || Modifier.isStatic(method.getModifiers());
        Object receiver = isStatic ? null : values.get(method.getDeclaringClass());
        int calls = 0;
        for (int at = 0; at < types.length; at++) {
            if (types[at].isPrimitive()
                    || TAKE_NULL.contains(method.getName())
                    || TAKE_NULL.contains(text(method) + ' ' + at)
                    || Modifier.isAbstract(method.getModifiers())) {
                continue;
            }
            assertThat(values)
                    .as("a value to call it on: %s", text(method))
                    .matches(all -> isStatic || all.containsKey(method.getDeclaringClass()));
            if (isStatic || receiver != null) {
                tryOne(method, receiver, at);
                calls++;
            }
        }
        return calls;
    }

    private void tryOne(Executable method, Object receiver, int at) throws Exception {
        Class<?>[] types = method.getParameterTypes();
        Object[] arguments = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            arguments[i] = i == at
                    ? null
                    : types[i] == long.class
                            ? (Object) 1L
                            : types[i] == int.class
                                    ? (Object) (1 << 16)
                                    : types[i] == boolean.class
                                            ? (Object) false
                                            : types[i] == MapCursor.class ? files.cursor() : values.get(types[i]);
        }
        String call = text(method) + ' ' + at;
        try {
            Object query = method instanceof Constructor
                    ? ((Constructor<?>) method).newInstance(arguments)
                    : ((Method) method).invoke(receiver, arguments);
            faults.add(call + " is accepted, and returns " + query);
        } catch (InvocationTargetException e) {
            judge(call, method.getDeclaringClass(), e.getCause());
        }
    }

    private void judge(String call, Class<?> type, Throwable thrown) {
        StackTraceElement[] stack = thrown.getStackTrace();
        String where = Arrays.stream(stack)
                .map(StackTraceElement::getClassName)
                .filter(name -> !name.startsWith("java.") && !name.startsWith("jdk."))
                .findFirst()
                .orElse("?");
        if (!(thrown instanceof NullPointerException)) {
            faults.add(call + " throws " + thrown);
        } else if (!where.equals(type.getName())) {
            faults.add(call + " fails inside, in " + stack[0]);
        } else if (!NAMES_A_PARAMETER
                        .matcher(String.valueOf(thrown.getMessage()))
                        .matches()
                || thrown.getMessage() == null) {
            faults.add(call + " does not name it: " + thrown.getMessage());
        }
    }

    private static String text(Executable method) {
        return method.getDeclaringClass().getSimpleName()
                + '.'
                + method.getName()
                + Arrays.stream(method.getParameterTypes())
                        .map(Class::getSimpleName)
                        .collect(Collectors.joining(",", "(", ")"));
    }

    private static boolean isOfEnum(Executable method) {
        return method.getDeclaringClass().isEnum() && method.getName().equals("valueOf");
    }

    /** Returns all public types of the exported packages. */
    private static List<Class<?>> publicTypes() throws Exception {
        URI classes = ProcessMaps.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI();
        List<Class<?>> types = new ArrayList<>();
        for (Class<?> of : new Class<?>[] {
            ProcessMaps.class,
            MapFiles.class,
            MapEvents.class,
            MapTimeline.class,
            LiveMaps.class,
            PerfMap.class,
            MapCount.class,
            SavedMaps.class,
            Symbols.class,
            ResidentPages.class
        }) {
            String folder = of.getPackageName().replace('.', '/');
            try (Stream<Path> files = Files.list(Path.of(classes).resolve(folder))) {
                for (Path file :
                        (Iterable<Path>) files.filter(path -> path.toString().endsWith(".class"))::iterator) {
                    String name = file.getFileName().toString().replace(".class", "");
                    Class<?> type = name.equals("package-info")
                            ? Object.class
                            : Class.forName(
                                    of.getPackageName() + '.' + name, false, NullArgumentsTest.class.getClassLoader());
                    if (type != Object.class && Modifier.isPublic(type.getModifiers())) {
                        types.add(type);
                    }
                }
            }
        }
        return types;
    }
}
