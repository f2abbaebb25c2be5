package org.mapfiles.jvm;

/**
 * The instruction that an address of code stands for: the one that begins there, or the call that ends there.
 *
 * <p>HotSpot's debug records mark the <em>end</em> of an instruction: the record of a call is at the address that the call returns
 * to (PcDesc, src/hotspot/share/code/pcDesc.hpp). So the two kinds of address need different records. With the wrong kind the inlined
 * methods are wrong for up to a third of all samples.
 */
public enum CodeAddress {
    /** The instruction that begins at the address: the program counter of a sampled or interrupted thread. */
    RUNNING_AT,
    /** The call that ends at the address: the return address of a stack frame. */
    RETURNS_TO
}
