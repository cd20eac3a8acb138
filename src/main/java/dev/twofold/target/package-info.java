/** Floor 4: what a model can be written as. Each format is a package of its own behind these interfaces. */
@NullMarked
package dev.twofold.target;

import org.jspecify.annotations.NullMarked;
