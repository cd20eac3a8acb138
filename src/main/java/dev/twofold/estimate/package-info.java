/** Floor 5: how fast a model would be on hardware that is not here, from first principles. Pure functions. */
@NullMarked
package dev.twofold.estimate;

import org.jspecify.annotations.NullMarked;
