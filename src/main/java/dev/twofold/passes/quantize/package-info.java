/** Floor 5: rounding weights to few bits. */
@NullMarked
package dev.twofold.passes.quantize;

import org.jspecify.annotations.NullMarked;
