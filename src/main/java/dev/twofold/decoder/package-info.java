/** Floor 2: the intermediate representation, a residual stream and the steps that add to it. */
@NullMarked
package dev.twofold.decoder;

import org.jspecify.annotations.NullMarked;
