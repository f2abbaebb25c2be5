package org.mapfiles.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes an hs_err file, as HotSpot 21 does. */
public final class HsErrFiles {
    private HsErrFiles() {}

    /** Writes a log with a bad line, a name with a control character, and frames with and without an address. */
    public static Path write(Path directory) throws IOException {
        return Files.writeString(directory.resolve("hs_err.log"), """
                #
                # A fatal error has been detected by the Java Runtime Environment:
                #
                #  SIGSEGV (0xb) at pc=0x00007f0000001234, pid=77, tid=78
                #
                # Java VM: OpenJDK 64-Bit Server VM (21.0.1+12, mixed mode, linux-amd64)
                #

                Command Line: Main
                Time: Tue Feb  3 04:05:06 2026 UTC elapsed time: 1.5 seconds (0d 0h 0m 1s)

                Stack: [0x00007f1000000000,0x00007f1000100000],  sp=0x00007f1000080000,  free space=512k
                Native frames: (J=compiled Java code, j=interpreted, Vv=VM code, C=native code)
                C  [libx.so+0x1234]  f\033[2J+0x4
                j  Main.main([Ljava/lang/String;)V+4
                V  [libjvm.so+0x10]

                siginfo: si_signo: 11 (SIGSEGV), si_code: 2 (SEGV_ACCERR), si_addr: 0x0000000000000000

                Registers:
                RAX=0x0000000000000000, RSP=0x00007f1000080000, RIP=0x00007f0000001234

                Dynamic libraries:
                7f0000000000-7f0000001000 r--p 00000000 fe:00 11                         /no/such\033[2J/libx.so
                7f0000001000-7f0000002000 r-xp 00001000 fe:00 11                         /no/such\033[2J/libx.so
                frog
                7f1000000000-7f1000100000 rw-p 00000000 00:00 0\s

                """);
    }
}
