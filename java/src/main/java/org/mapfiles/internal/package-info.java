/**
 * What the packages of this module share and nobody else sees: the module does not export it. It uses none of the other packages.
 */
package org.mapfiles.internal;
