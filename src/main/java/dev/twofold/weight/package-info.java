/** Floor 1: weights as expressions over stored tensors, and their streaming evaluation. */
@NullMarked
package dev.twofold.weight;

import org.jspecify.annotations.NullMarked;
