/** Floor 6: what is measured of a model on texts, what is chosen by it, and what it is fitted to. */
@NullMarked
package dev.twofold.inspection;

import org.jspecify.annotations.NullMarked;
