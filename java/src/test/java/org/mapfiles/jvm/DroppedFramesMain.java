package org.mapfiles.jvm;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

/** Fills the memory for records with live code, until the JVM's debug records of all code are dropped. */
final class DroppedFramesMain {
    private DroppedFramesMain() {}

    /** Prints what holders have whose frames were dropped: one that was read before, one that was not, a new one. */
    public static void main(String[] arguments) throws Exception {
        JvmCode code = JvmCode.open(4 << 20);
        List<Method> kept = new ArrayList<>();
        CodeInfo read = new CodeInfo();
        CodeInfo unread = new CodeInfo();
        CodeInfo now = new CodeInfo();
        kept.add(compiled());
        long address = inlinedAddress(code, read);
        if (!code.find(address, read) || read.frames() < 2 || !code.find(address, unread)) {
            throw new AssertionError("no inlined method");
        }
        long compactions = code.counts().compactions();
        String method = read.methodName(read.frames() - 1);
        do {
            kept.add(compiled());
        } while (code.find(address, now)
                && (now.hasRecord() || code.counts().compactions() < compactions + 2)
                && code.counts().lost() == 0);
        System.out.println(code.counts());
        try {
            System.out.println("frame 0 is of another method: " + read.className(0) + "." + read.methodName(0));
        } catch (IllegalStateException dropped) {
            System.out.println(read.certainty() + " " + dropped.getMessage());
        }
        System.out.println("not read before: " + unread.frames() + " "
                + unread.methodName(0).equals(method));
        System.out.println(
                "found again: " + now.frames() + " " + now.methodName(0).equals(method) + " " + kept.isEmpty());
    }

    private static Method compiled() throws ReflectiveOperationException {
        Method work = Throwaway.copy();
        work.invoke(null, 10);
        return work;
    }

    /** Returns the address of an instruction of an inlined method. */
    private static long inlinedAddress(JvmCode code, CodeInfo info) {
        List<long[]> methods = new ArrayList<>();
        code.forEach(each -> {
            if (each.kind() == CodeInfo.Kind.METHOD) {
                methods.add(new long[] {each.start(), each.end()});
            }
        });
        for (long[] method : methods) {
            for (long address = method[0]; address < method[1]; address++) {
                if (code.find(address, info) && info.frames() > 1) {
                    return address;
                }
            }
        }
        throw new AssertionError("no inlined method in " + methods.size());
    }
}
