/** Floor 3: what a pass is, what it may ask for, and the facts a recipe is checked against. */
@NullMarked
package dev.twofold.pass;

import org.jspecify.annotations.NullMarked;
