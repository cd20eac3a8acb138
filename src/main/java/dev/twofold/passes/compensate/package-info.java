/** Floor 5: refitting the weights of layers that run side by side, in closed form. */
@NullMarked
package dev.twofold.passes.compensate;

import org.jspecify.annotations.NullMarked;
