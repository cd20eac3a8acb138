/** Floor 0: element types, shapes and the number formats of weights. */
@NullMarked
package dev.twofold.tensor;

import org.jspecify.annotations.NullMarked;
