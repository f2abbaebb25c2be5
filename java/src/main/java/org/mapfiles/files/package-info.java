/**
 * The files behind mappings: which file is mapped, whether it is deleted or replaced, and how to open exactly that
 * file.
 *
 * <p>Start with {@link org.mapfiles.files.MapFiles}. {@link org.mapfiles.files.SharedMappings} finds the memory that
 * several processes share. The conventions of {@link org.mapfiles} hold here.
 */
@NullMarked
package org.mapfiles.files;

import org.jspecify.annotations.NullMarked;
