/** Floor 6: what is asked of the compiler: passes with their options, checked as a whole, read from YAML and manifests. */
@NullMarked
package dev.twofold.recipe;

import org.jspecify.annotations.NullMarked;
