/** Floor 4: what a model can be read from. Each format is a package of its own behind these interfaces. */
@NullMarked
package dev.twofold.source;

import org.jspecify.annotations.NullMarked;
