/**
 * Internals that the packages of this module share. The module does not export this package. It uses none of the other packages.
 */
package org.mapfiles.internal;
