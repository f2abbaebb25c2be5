package org.mapfiles;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.FailingCalls;

/**
 * Each system call of each public operation fails once, with each of several errors. Then the operation throws an
 * exception that names the cause, or it returns the right result or a documented weaker one; no descriptor is left; and
 * the next call has the usual result.
 */
final class FailingCallsMain {
    /** Errors, and what a message must contain that is due to them. */
    private static final Map<Integer, Pattern> ERRORS = new LinkedHashMap<>();

    private static final int EPERM = 1;
    private static final int ENOENT = 2;
    private static final int ESRCH = 3;
    private static final int EINTR = 4;
    private static final int EIO = 5;
    private static final int ENOMEM = 12;
    private static final int EACCES = 13;
    private static final int EINVAL = 22;
    private static final int EMFILE = 24;
    private static final int ENOSYS = 38;

    private static void error(int number, String pattern) {
        ERRORS.put(number, Pattern.compile(pattern, Pattern.CASE_INSENSITIVE));
    }

    static {
        error(EMFILE, "descriptor|too many open files");
        error(ENOMEM, "memory");
        error(EIO, "EIO|input/output|failed|error");
        error(EACCES, "denie|denied|permission|EACCES|capab|CAP_|may not");
        error(EPERM, "denie|denied|permission|EPERM|capab|CAP_|may not|not permitted");
        error(ENOENT, ".+");
        error(ESRCH, ".+");
        error(EINTR, "EINTR|interrupt");
        error(ENOSYS, "ENOSYS|kernel|not implemented|support");
        error(EINVAL, "EINVAL|EIO|invalid|kernel|support|failed|regular file");
    }

    private static final Set<Integer> SOME_ERRORS = Set.of(EMFILE, ENOMEM, EIO, EPERM);

    private final boolean isComplete;
    private int failedCalls;
    private int wrong;
    /** Number of exceptions that do not name the cause. */
    private int unclear;

    private FailingCallsMain(boolean isComplete) {
        this.isComplete = isComplete;
    }

    /**
     * Arguments: a PID of a JVM that does nothing; a directory; "all", or "some" for four errors and a part of the
     * later calls; a regular expression for the names of operations. Without arguments it is such a JVM.
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            System.out.println("READY");
            while (System.in.read() >= 0) {
                continue;
            }
            return;
        }
        preload();
        FailingOperations operations = new FailingOperations(Long.parseLong(arguments[0]), Path.of(arguments[1]));
        FailingCalls.prepare();
        FailingCallsMain main = new FailingCallsMain(arguments[2].equals("all"));
        int count = 0;
        for (FailingOperations.Operation each : operations.all()) {
            if (arguments.length < 4 || each.name().matches(arguments[3])) {
                main.failEachCall(each);
                count++;
            }
        }
        System.out.println("summary: faults java " + count + " operations " + main.failedCalls + " failed calls "
                + main.wrong + " wrong, " + main.unclear + " unclear");
        System.exit(main.wrong == 0 ? 0 : 1);
    }

    /** Loads all classes of the library: a class whose loading fails can never be used again. */
    private static void preload() throws Exception {
        Path home = ChildJvm.homeOf(ProcessMaps.class);
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = home.relativize(file).toString();
                if (name.endsWith(".class") && name.startsWith("org/mapfiles")) {
                    load(name.substring(0, name.length() - 6).replace('/', '.'));
                }
            }
        }
    }

    private static void load(String name) throws ClassNotFoundException {
        try {
            Class.forName(name);
        } catch (NoClassDefFoundError e) {
            System.out.println("not loaded: " + name + ", which needs " + e.getMessage()); // an optional library
        }
    }

    private record Result(String value, Exception failure) {
        @Override
        public String toString() {
            return failure == null ? value : failure.toString();
        }
    }

    private static Result run(Callable<String> operation) {
        try {
            return new Result(operation.call(), null);
        } catch (Exception e) {
            return new Result(null, e);
        }
    }

    private void failEachCall(FailingOperations.Operation tested) throws IOException {
        String name = tested.name();
        Callable<String> operation = tested.call();
        Result usual = run(operation);
        for (int i = 0; i < 5; i++) {
            usual = run(operation);
        }
        System.out.println(name + ": " + shorten(usual));
        long began = System.nanoTime();
        int before = failedCalls;
        int calls = 0;
        for (int error : isComplete ? ERRORS.keySet() : SOME_ERRORS) {
            boolean hasMore = true;
            for (int at = 1; hasMore; at = next(at)) {
                int descriptors = descriptors();
                FailingCalls.begin(at, error);
                Result result = run(operation);
                calls = FailingCalls.end();
                long failed = FailingCalls.failed();
                hasMore = calls >= at;
                if (failed >= 0) {
                    failedCalls++;
                    judge(tested, failed, at, error, result, usual);
                }
                checkThatNothingIsOpen(
                        name + ": call " + at + " (" + failed + ") fails with error " + error, descriptors);
                Result again = run(operation);
                if (!again.toString().equals(usual.toString())) {
                    complain(
                            name + ": after call " + at + " (" + failed + ") failed with error " + error + ": "
                                    + shorten(again),
                            again.failure);
                }
            }
        }
        System.out.println("  " + calls + " calls, " + (failedCalls - before) + " failed, "
                + (System.nanoTime() - began) / 1_000_000 + " ms");
    }

    /** Later calls of an operation are alike: it reads one file or table after the other. */
    private int next(int at) {
        return isComplete ? at + 1 : at + 1 + at / 12;
    }

    /**
     * Errors that the kernel returns if there is no such process, file or memory. They are made up here, so any result
     * is right.
     */
    private static boolean isAnswer(FailingOperations.Operation operation, int error) {
        return error == ENOENT || error == ESRCH || (error == EIO && operation.readsMemory());
    }

    private void judge(
            FailingOperations.Operation operation, long failed, int at, int error, Result result, Result usual) {
        String what =
                operation.name() + ": system call " + failed + " (number " + at + ") fails with error " + error + ": ";
        if (result.toString().equals(usual.toString())) {
            return;
        }
        if (result.failure == null) {
            if (!isAnswer(operation, error)
                    && !result.value.matches(operation.weaker())
                    && !(operation.weaker().equals(FailingOperations.A_PART) && isPart(result.value, usual.value))) {
                complain(what + shorten(result) + " instead of " + shorten(usual), null);
            }
        } else if (result.failure instanceof IllegalArgumentException && (error == EINVAL || error == ENOENT)) {
            return; // the path is not the directory of a process
        } else if (!(result.failure instanceof IOException)) {
            complain(what + "not an IOException", result.failure);
        } else if (!isAnswer(operation, error)
                && !ERRORS.get(error).matcher(result.failure.toString()).find()) {
            unclear++;
            print("UNCLEAR " + what + "not the cause", result.failure);
        }
    }

    private static boolean isPart(String list, String whole) {
        return Set.of(whole.substring(1, whole.length() - 1).split(", "))
                .containsAll(List.of(list.substring(1, list.length() - 1).split(", ")));
    }

    private void complain(String text, Exception cause) {
        wrong++;
        print("WRONG " + text, cause);
    }

    private static void print(String text, Exception cause) {
        System.out.println(text);
        for (Throwable each = cause; each != null; each = each.getCause()) {
            System.out.println("    " + each);
            Stream.of(each.getStackTrace()).limit(8).forEach(frame -> System.out.println("        " + frame));
        }
    }

    private static String shorten(Result result) {
        String text = result.toString();
        return text.length() > 200 ? text.substring(0, 200) + "..." + Integer.toHexString(text.hashCode()) : text;
    }

    /** Threads that end close descriptors a little later. */
    private void checkThatNothingIsOpen(String what, int before) throws IOException {
        int now = descriptors();
        for (int attempt = 0; now > before && attempt < 6_000; attempt++) {
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            now = descriptors();
        }
        if (now > before) {
            complain(what + ": " + (now - before) + " descriptors are left", null);
        }
    }

    private static int descriptors() throws IOException {
        int count = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path ignored : descriptors) {
                count++;
            }
        }
        return count;
    }
}
