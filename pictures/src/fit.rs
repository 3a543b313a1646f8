//! Fit of a straight line.

/// A straight line through points, by least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Slope of the line.
    pub slope: f64,
    /// Value of the line at 0.
    pub base: f64,
    /// Largest distance of a point from the line, relative to its value.
    pub distance: f64,
}

impl Fit {
    /// Value of the line at `x`.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        self.base + self.slope * x
    }
}

/// Fits a line; `None` if there are no two different points.
///
/// The distance of a point is relative to its value. Otherwise the largest values would dominate.
#[must_use]
pub fn fit(points: &[(f64, f64)]) -> Option<Fit> {
    let mut sums = [0.0; 5];
    for &(x, y) in points {
        let weight = 1.0 / (y * y);
        for (sum, term) in sums.iter_mut().zip([1.0, x, y, x * x, x * y]) {
            *sum += weight * term;
        }
    }
    let [n, x, y, xx, xy] = sums;
    let spread = n * xx - x * x;
    if !(spread.is_normal() && points.len() > 1) {
        return None;
    }
    let slope = (n * xy - x * y) / spread;
    let mut fit = Fit {
        slope,
        base: (y - slope * x) / n,
        distance: 0.0,
    };
    for &(x, y) in points {
        fit.distance = fit.distance.max((fit.at(x) / y - 1.0).abs());
    }
    Some(fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_a_line_are_fitted_exactly() {
        let points = [1.0, 2.0, 5.0, 1_000.0].map(|x| (x, 300.0 + 7.0 * x));
        let fit = fit(&points).expect("four points");
        assert!((fit.slope - 7.0).abs() < 1e-6, "{fit:?}");
        assert!((fit.base - 300.0).abs() < 1e-6, "{fit:?}");
        assert!(fit.distance < 1e-9, "{fit:?}");
    }

    #[test]
    fn the_distance_is_that_of_the_farthest_point() {
        let fit = fit(&[(0.0, 100.0), (1.0, 100.0), (2.0, 110.0)]).expect("three points");
        assert!((0.01..0.05).contains(&fit.distance), "{fit:?}");
    }

    #[test]
    fn points_at_one_place_are_no_line() {
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[(1.0, 2.0)]), None);
        assert_eq!(fit(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
