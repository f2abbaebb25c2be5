/**
 * The files behind mappings: which file is mapped, what became of it, and how to open exactly that file.
 *
 * <p>The way in is {@link org.mapfiles.files.MapFiles}. {@link org.mapfiles.files.SharedMappings} finds the memory that several processes
 * share. The conventions are those of {@link org.mapfiles}.
 */
package org.mapfiles.files;
