/**
 * The JVM that this program runs in: what lives at its addresses.
 */
package org.mapfiles.jvm;
