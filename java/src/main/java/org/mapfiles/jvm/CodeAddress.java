package org.mapfiles.jvm;

/**
 * Which instruction an address of code stands for.
 *
 * <p>HotSpot's debug records mark the <em>end</em> of an instruction: the record of a call is at the address that the call returns
 * to. So both kinds of address need different records. With the wrong kind the methods inlined at the address are wrong for up to a
 * third of all samples.
 */
public enum CodeAddress {
    /** The instruction that begins at the address: where a sampled or interrupted thread is running. */
    RUNNING_AT,
    /** The instruction that ends at the address, a call: where a frame of a stack continues when the call returns. */
    RETURNS_TO
}
