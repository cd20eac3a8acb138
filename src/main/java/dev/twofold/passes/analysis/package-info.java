/** Floor 5: what is measured of a decoder's layers, and choosing which of them run side by side. */
@NullMarked
package dev.twofold.passes.analysis;

import org.jspecify.annotations.NullMarked;
