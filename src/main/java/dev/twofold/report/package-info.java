/** Floor 4: findings as text, JSON and HTML. */
@NullMarked
package dev.twofold.report;

import org.jspecify.annotations.NullMarked;
