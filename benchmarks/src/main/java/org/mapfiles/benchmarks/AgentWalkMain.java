package org.mapfiles.benchmarks;

import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Walks the code cache of a JVM with the JDK's serviceability agent, the library of jhsdb. The walk has the name of
 * each piece of code. The agent stops the JVM from attaching until detaching; neither is in the time. The module
 * exports nothing, so reflection calls it.
 */
final class AgentWalkMain {
    private static final String MODULE = "jdk.hotspot.agent";
    private static final String PACKAGE = "sun.jvm.hotspot.";
    private static final String[] PACKAGES = {"", "runtime.", "code.", "oops."};

    private final Object agent;
    private final int pid;
    /** Null until the agent has attached: the class cannot be initialized before. */
    private Class<?> methodType;

    private final Map<String, Method> methods = new HashMap<>();
    private int pieces;
    private long characters;

    private AgentWalkMain(int pid) throws ReflectiveOperationException {
        this.pid = pid;
        agent = type("HotSpotAgent").getConstructor().newInstance();
    }

    /** Returns whether this JDK has the agent. */
    static boolean isAvailable() {
        return ModuleFinder.ofSystem().find(MODULE).isPresent();
    }

    /** Returns the command of a process that walks the code of a JVM. */
    private static String[] command(long pid) {
        List<String> command = new ArrayList<>(List.of(TargetProcess.java(), "--add-modules", MODULE));
        for (String each : PACKAGES) {
            String name = PACKAGE + each;
            command.add("--add-exports=" + MODULE + "/" + name.substring(0, name.length() - 1) + "=ALL-UNNAMED");
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), AgentWalkMain.class.getName()));
        command.add(Long.toString(pid));
        return command.toArray(new String[0]);
    }

    /** Prints the number of pieces of code and the nanoseconds of the walk; or why the agent cannot attach. */
    public static void main(String[] arguments) throws Exception {
        AgentWalkMain walk = new AgentWalkMain(Integer.parseInt(arguments[0]));
        try {
            long nanos = walk.nanos();
            System.out.println(walk.characters == 0 ? "the code has no names" : walk.pieces + " " + nanos);
        } catch (InvocationTargetException e) {
            System.out.println("the serviceability agent fails: " + e.getCause());
        }
    }

    /**
     * Walks the code of a JVM in a new process, as jhsdb does: the agent attaches to one JVM once.
     *
     * @return the number of pieces of code and the nanoseconds; or a reason of another form
     */
    static String run(long pid) throws IOException {
        Process process = new ProcessBuilder(command(pid))
                .redirectError(ProcessBuilder.Redirect.DISCARD) // it prints a trace for code that it cannot read
                .start();
        String line = process.inputReader().readLine();
        process.onExit().join();
        return line == null ? "the serviceability agent ends with " + process.exitValue() : line;
    }

    /** Calls a method without arguments. Methods are searched once, so that reflection costs little. */
    private Object call(String type, String method, Object on) throws ReflectiveOperationException {
        String key = type + '.' + method;
        Method found = methods.get(key);
        if (found == null) {
            found = type(type).getMethod(method);
            methods.put(key, found);
        }
        return found.invoke(on);
    }

    private static Class<?> type(String name) throws ClassNotFoundException {
        return Class.forName(PACKAGE + name);
    }

    private long nanos() throws ReflectiveOperationException {
        type("HotSpotAgent").getMethod("attach", int.class).invoke(agent, pid);
        try {
            Object cache = call("runtime.VM", "getCodeCache", call("runtime.VM", "getVM", null));
            Class<?> visitor = type("code.CodeCacheVisitor");
            Object visit = Proxy.newProxyInstance(visitor.getClassLoader(), new Class<?>[] {visitor}, this::visited);
            Method iterate = type("code.CodeCache").getMethod("iterate", visitor);
            methodType = type("code.NMethod");
            pieces = 0;
            long begin = System.nanoTime();
            iterate.invoke(cache, visit);
            return System.nanoTime() - begin;
        } finally {
            type("HotSpotAgent").getMethod("detach").invoke(agent);
        }
    }

    /** A method of the visitor of code: each piece of code, and calls before the first and after the last. */
    private Object visited(Object proxy, Method method, Object[] arguments) throws ReflectiveOperationException {
        if (method.getName().equals("visit")) {
            pieces++;
            characters += name(arguments[0]).length();
        }
        return null;
    }

    private String name(Object code) throws ReflectiveOperationException {
        if (!methodType.isInstance(code)) {
            return String.valueOf(call("code.CodeBlob", "getName", code));
        }
        Object method = call("code.NMethod", "getMethod", code);
        Object holder = call("oops.Method", "getMethodHolder", method);
        return text(call("oops.Klass", "getName", holder))
                + text(call("oops.Method", "getName", method))
                + text(call("oops.Method", "getSignature", method));
    }

    private String text(Object symbol) throws ReflectiveOperationException {
        return (String) call("oops.Symbol", "asString", symbol);
    }
}
