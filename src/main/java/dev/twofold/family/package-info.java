/** Floor 3: what a family's YAML may say. */
@NullMarked
package dev.twofold.family;

import org.jspecify.annotations.NullMarked;
