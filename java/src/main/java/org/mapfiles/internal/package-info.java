/**
 * Internals that the packages of this module share. The module does not export this package. It uses none of the other
 * packages.
 */
@NullMarked
package org.mapfiles.internal;

import org.jspecify.annotations.NullMarked;
