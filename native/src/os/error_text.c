/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meaning of the library's errors. strerror(3) is not async-signal-safe, and some errors have another meaning in this
 * library.
 */
#include "mapfiles.h"

#include <errno.h>
#include <stddef.h>

/* The names of errors without words, from include/uapi/asm-generic/errno-base.h and errno.h. */
#define NAME(error) [error] = #error
static const char *const names[] = {
    NAME(EINTR),        NAME(EFAULT),       NAME(ENOTBLK),         NAME(EBUSY),
    NAME(EEXIST),       NAME(ENOTDIR),      NAME(EISDIR),          NAME(ETXTBSY),
    NAME(ESPIPE),       NAME(EROFS),        NAME(EMLINK),          NAME(EPIPE),
    NAME(EDOM),         NAME(ERANGE),       NAME(EDEADLK),         NAME(ENOLCK),
    NAME(ENOTEMPTY),    NAME(ELOOP),        NAME(ENOMSG),          NAME(ECHRNG),
    NAME(EL2NSYNC),     NAME(EL3HLT),       NAME(EL3RST),          NAME(ELNRNG),
    NAME(ENOCSI),       NAME(EL2HLT),       NAME(EBADE),           NAME(EBADR),
    NAME(EXFULL),       NAME(ENOANO),       NAME(EBADRQC),         NAME(EBADSLT),
    NAME(EBFONT),       NAME(ENOSTR),       NAME(ETIME),           NAME(ENOSR),
    NAME(ENONET),       NAME(ENOPKG),       NAME(EREMOTE),         NAME(ENOLINK),
    NAME(EADV),         NAME(ESRMNT),       NAME(ECOMM),           NAME(EPROTO),
    NAME(EMULTIHOP),    NAME(EDOTDOT),      NAME(ENOTUNIQ),        NAME(EBADFD),
    NAME(ELIBACC),      NAME(ELIBBAD),      NAME(ELIBSCN),         NAME(ELIBMAX),
    NAME(ELIBEXEC),     NAME(EILSEQ),       NAME(ERESTART),        NAME(ESTRPIPE),
    NAME(EUSERS),       NAME(ENOTSOCK),     NAME(EDESTADDRREQ),    NAME(EMSGSIZE),
    NAME(EPROTOTYPE),   NAME(ENOPROTOOPT),  NAME(ESOCKTNOSUPPORT), NAME(EPFNOSUPPORT),
    NAME(EAFNOSUPPORT), NAME(EADDRINUSE),   NAME(EADDRNOTAVAIL),   NAME(ENETDOWN),
    NAME(ENETUNREACH),  NAME(ENETRESET),    NAME(ECONNABORTED),    NAME(ECONNRESET),
    NAME(EISCONN),      NAME(ENOTCONN),     NAME(ESHUTDOWN),       NAME(ETOOMANYREFS),
    NAME(ETIMEDOUT),    NAME(ECONNREFUSED), NAME(EHOSTDOWN),       NAME(EHOSTUNREACH),
    NAME(EALREADY),     NAME(EINPROGRESS),  NAME(EUCLEAN),         NAME(ENOTNAM),
    NAME(ENAVAIL),      NAME(EISNAM),       NAME(EREMOTEIO),       NAME(ENOMEDIUM),
    NAME(EMEDIUMTYPE),  NAME(ECANCELED),    NAME(ENOKEY),          NAME(EKEYEXPIRED),
    NAME(EKEYREVOKED),  NAME(EKEYREJECTED), NAME(EOWNERDEAD),      NAME(ENOTRECOVERABLE),
    NAME(ERFKILL),      NAME(EHWPOISON),
};
#undef NAME

const char *mf_strerror(int error)
{
    const unsigned number = 0U - (unsigned)error; /* also of INT_MIN */
    switch (number) {
    case 0:
        return "no error";
    case ESRCH:
        return "there is no such process, or it has exited";
    case ECHILD:
        return "the process is a zombie, which has no mappings";
    case ENXIO:
        return "the process is a kernel thread, which has no mappings";
    case EACCES:
        return "access is denied";
    case EPERM:
        return "a permission is missing";
    case ENODEV:
        return "no proc file system is mounted at /proc";
    case ENOBUFS:
        return "the memory for the result is too small";
    case EBADMSG:
        return "the text is not that of a maps file";
    case ENOTTY:
        return "the kernel has no PROCMAP_QUERY (before Linux 6.11)";
    case ENOENT:
        return "no mapping matches, or the mapping has no file";
    case ESTALE:
        return "the mapping does not exist any more";
    case EFBIG:
        return "the process has more than 2 GiB of maps text";
    case EINVAL:
        return "an argument is invalid";
    case EBADF:
        return "the descriptor is not open, or not open for this access";
    case EMFILE:
        return "the descriptors of the caller are used up";
    case ENFILE:
        return "the descriptors of the machine are used up";
    case ENOMEM:
        return "memory is used up";
    case ENAMETOOLONG:
        return "the path is too long";
    case ENOTSUP:
        return "the kernel does not support this";
    case ENOSYS:
        return "the kernel does not support this, or a system call filter blocks it";
    case EIDRM:
        return "nothing or another file is at the path of the mapped file";
    case EREMCHG:
        return "overlayfs has copied the mapped file up, and no path leads to it any more";
    case ENOSPC:
        return "there is no room left";
    case ENODATA:
        return "the file cannot be verified, or the result was not requested";
    case EUNATCH:
        return "the mapping is of something that cannot be opened";
    case EAGAIN:
        return "try again";
    case EDQUOT:
        return "no more memory may be locked";
    case EXDEV:
        return "the process was opened in a /proc of another PID namespace";
    case ENOEXEC:
        return "it is no ELF program or library, or a malformed one";
    case EPROTONOSUPPORT:
        return "the ELF file has the other byte order";
    case E2BIG:
        return "the file exceeds a limit of this library";
    case EOVERFLOW:
        return "the addresses of the ELF file span 4 GiB or more";
    case EIO:
        return "reading failed";
    default:
        break;
    }
    const char *name = number < sizeof names / sizeof names[0] ? names[number] : NULL;
    return name != NULL ? name : "unknown error";
}
